import { PhraseSet } from '../text/phrase-set.js';
import type { Alarm } from './alarm.js';

const CODES =
  'usd/eur/gbp/cny/rmb/jpy/chf/inr/krw/cad/aud/nzd/sek/nok/dkk/pln/czk/huf/brl/mxn/sgd/hkd/twd/rub/zar/try/ils/aed/sar/thb/btc/eth/usdt';
const UNITS =
  'dollar/dollars/euro/euros/sterling/quid/yuan/renminbi/yen/rupees/rubles/rubel/roubles/franken/francs/francos/cents/bucks/dolares/pesos/reais/zloty/kronen/kronor/dolar/grand/centimes/centimos/rappen/pounds/pfund/livres/libras/dolares/dollari/sterline';

const MONEY_PHRASES = new PhraseSet(`
# (${CODES}) ; (${CODES}) #
# (${UNITS}) ; (dollar/euro/sterling/yuan/rupees/rubles/krw) #
# _ (${UNITS}) (per/a/an/pro/je/par/por/al) (month/year/seat/user/token/tokens/million/monat/jahr/mois/an/mes/ano)
price ; prices ; priced ; pricing* ; underpric* ; repric* ; overpric* ; pricelist* ; quote _ (per/for) _ (seat/token/license)
(list/street/unit/retail/wholesale/floor) price* ; rate card* ; price list* ; price (cut/increase/change/floor/hike/point/book/match*)
discount* ; rebate* ; markup ; markdown _ percent ; (volume/bulk/committed) (deal/tier/commitment)
# percent (off/discount/cheaper/less/more/rabatt/nachlass/gunstiger/teurer/remise/rabais/moins/plus/descuento/menos/mas/sconto/desconto/margin)
(pay/pays/paid/paying/charge/charges/charged/charging/bill/billed/invoice*/spend*/spent) _ # ; (pay/pays/paid/charge/charges/charged) _ (per/for) _ (seat/token/tokens/month/license)
(cost/costs) _ # ; # _ per (million/thousand/m/k/mtok/mtoken) (token/tokens) ; per # m tokens ; per mtok* ; (input/output) tokens (cost/at) _ #
(contract/deal/commitment/order/subscription/invoice) (value/worth/amount) ; (payment/credit/billing) terms ; net # days ; (annual/minimum) (spend/commitment/commit)
fee ; fees ; invoice* ; (our/their/the/current/going/high/low/keep/minimum/market/hold) rates ; rates (where/high/low/stable/up/down/as) ; commission (for/of/on/was/is/rate) ; refund* ; surcharge* ; royalt* ; (credit/deposit/prepayment) of ; cents per ; undercut* ; cheaper ; expensive
(wage/wages/salary/salaries/compensation) ; (sign on/signing/retention) bonus ; (gross/net/unit/profit/operating) (margin/margins/cost/costs)
(cost/costs) (of goods/per token/per query/structure/base) ; inference (cost/costs)
preis ; preise ; preisen ; preises ; *preislist* ; *preiserhohung* ; *preissenk* ; *preisuntergrenze* ; *listenpreis* ; *stuckpreis* ; *tokenpreis* ; *einkaufspreis* ; *verkaufspreis* ; *kampfpreis* ; *mindestpreis* ; *preismodell* ; *preisgestalt* ; *bepreis*
*rabatt* ; nachlass ; preisnachlass* ; skonto ; *gebuhr* ; *zahlungsziel* ; *vertragswert* ; *auftragswert* ; gehalt ; gehalter ; lohn ; lohne ; *verdien* _ #
(kostet/kosten/zahlt/zahlen/bezahlt/bezahlen/berechnet) _ # ; je million token* ; pro million token* ; # _ je million ; selbstkosten* ; *konditionen* ; rechnung ; rechnungen ; provision ; billiger ; teurer ; tarife* ; gewinnmarge* ; *marge* _ percent
prix ; tarif ; tarifs ; tarification* ; remise ; remises ; rabais ; ristourne* ; (coute/coutent/paie/paient/payer/facture/factures/facturer) _ # ; par million de (jetons/tokens) ; le million de (jetons/tokens) ; marge ; marges ; facture ; commission ; salaire* ; montant du contrat ; conditions (de paiement/tarifaires)
precio ; precios ; tarifa ; tarifas ; descuento* ; rebaja* ; (cuesta/cuestan/paga/pagan/pagar/cobra/cobran/cobrar/factura/facturan) _ # ; por millon de (tokens/fichas) ; por cada millon ; margen (bruto/neto) ; sueldo* ; comision ; factura ; subida de ; cuota mensual ; mas barato ; salario* ; valor del contrato ; condiciones de pago ; lista de precios
prezzo ; prezzi ; sconto ; sconti ; listino* ; preco ; precos ; desconto* ; tabela de precos ; korting* ; prijs ; prijzen ; cena ; ceny ; znizka*
цена ; цены ; цену ; цен ; скидка ; скидки ; скидку ; # рублей ; # долларов ; тариф ; тарифы
价格 ; 定价 ; 售价 ; 报价 ; 降价 ; 涨价 ; 单价 ; 底价 ; 折扣 ; 打#折 ; #折优惠 ; 优惠价 ; 返利 ; #元 ; #美元 ; #欧元 ; #人民币 ; #块钱 ; 美元# ; 人民币# ; 每百万…元 ; 每百万token ; 每千token ; 成本价 ; 毛利 ; 利润率 ; 合同金额 ; 付款条件 ; 薪资 ; 年费 ; 月费 ; 佣金 ; 手续费 ; 便宜 ; 成本 ; 账单 ; 工资 ; 收费 ; 费率
価格 ; 料金 ; 割引 ; 値引 ; 値上げ ; 値下げ ; #円 ; #ドル ; 単価 ; 가격 ; 할인 ; #원 ; #달러
`);

/** Amounts of money, prices, discounts, costs and terms of payment, in signs, codes and words. */
export const MONEY: Alarm = { kind: 'money', find: ({ folded }) => MONEY_PHRASES.find(folded) };
