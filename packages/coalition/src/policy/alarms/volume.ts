import { PhraseSet } from '../text/phrase-set.js';
import type { Alarm } from './alarm.js';

const VOLUME_PHRASES = new PhraseSet(`
revenue* ; turnover ; arr of ; (annual/monthly) recurring ; mrr ; ebitda* ; (gross/net) bookings ; sales (figure*/volume*/number*/forecast*/pipeline/target*/quota) ; gmv
market share* ; share of (the market/wallet) ; (demand/usage/sales/load) forecast* ; growth (rate/of) _ percent ; (grew/grown/growing/up/down/fell/dropped) _ percent
(spare/excess/idle/total/available/installed/compute/serving/inference/training/datacenter/cluster/gpu/production) capacity ; capacity (plan*/utilisation/utilization/constraint*/limit*/is/of/in/will/at/by) ; (at/over/under/our/their) capacity ; (oversubscribed/overbooked)
# _ (gpu/gpus/accelerators/tpus/h 100/a 100/b 200/h 200/gb 200/megawatt*/mw/gigawatt*/gw) ; # x (h 100/a 100/b 200/h 200/gpu/gpus) ; # (h 100/h 200/a 100/b 200) ; gpu (fleet/count/hours/cluster*) ; (fleet/cluster) of # ; (utilisation/utilization/occupancy) _ (percent/#) ; percent of (our/their/its/all/total) (traffic/usage/tokens/revenue/sales/business/load/users/customers)
(tokens/requests/queries/calls/messages/completions/exchanges/prompts) (per/a/each/every) (second/minute/hour/day/week/month/quarter/year) ; # _ (qps/rps/tps/tpm/rpm/dau/mau)
(daily/weekly/monthly) active (user*/customer*) ; (daily/weekly/monthly/total) (volume/token*/usage/quota/traffic) _ # ; (token/request/query/traffic/usage) volume*
# (accounts/customers/clients/users/seats/subscribers/tenants/subscriptions/licenses/licences/exchanges/requests/queries/prompts/calls/messages/completions/tokens/conversations/developers/employees/enterprises)
# (million/billion/thousand/m/bn/k/trillion) (accounts/customers/clients/users/seats/requests/queries/prompts/calls/messages/tokens/exchanges/completions)
# _ (paying/active/enterprise/free/trial/new) (customers/accounts/users/seats/clients) ; (customer/user/account/subscriber) (count/base/number*) _ # ; (churn/retention/attrition) (rate/of/is/at) ; churn*
(largest/biggest/top/key) (customer*/client*/account*/buyer*) ; (top/biggest) (ten/five/three/20/10/5) customers ; share of (our/their/its) (traffic/tokens/usage/api)
sold out ; (out of/short of/short on) (compute/capacity/gpus/chips) ; (headcount/bookings/backlog/quota) ; one in (two/three/four/five/six/eight/ten/twenty) of (our/their) ; # (in/of) # (seats/customers/users/accounts) ; (peak/average/daily/weekly/monthly/total) (load/traffic/usage/demand) (was/is/of/at/near) ; # _ (a/an) (second/minute/hour/day/week/month) ; (arr/mrr) (is/was/of/passed/grew/fell)
*umsatz* ; *auslastung* ; *kapazitat* ; *marktanteil* ; *absatz* ; *auftragseingang* ; *ertragslage* ; *gewinn* ; *nachfrageprognos* ; *stuckzahl* ; *nutzerzahl* ; *kundenzahl* ; *kundenbestand* ; *verbrauchsmeng* ; *tokenvolum* ; *rechenleistung* ; # (kunden/konten/nutzer/anfragen/lizenzen/mitarbeiter/benutzer/abonnenten/token) ; # (millionen/milliarden/tausend/mio/mrd) (anfragen/token/tokens/nutzer/kunden) ; (anfragen/token/tokens/nachrichten) (pro/je/am) (sekunde/minute/stunde/tag/woche/monat/jahr) ; grosste* (kunde*/abnehmer*) ; grosskunde*
chiffre d affaires ; chiffres d affaires ; parts de marche ; part de marche ; capacite* (de/disponible*/installee*/inutilisee*/excedentaire*) ; taux d utilisation ; carnet de commandes ; ventes (de/du/trimestri*/annuel*) ; recettes ; benefice* ; # (clients/comptes/utilisateurs/requetes/abonnes/jetons/licences) ; # (millions/milliards/mille) de (requetes/jetons/tokens/clients) ; (requetes/jetons/tokens) par (seconde/minute/heure/jour/semaine/mois/an) ; plus gros client* ; taux de (remplissage/charge/occupation) ; principaux clients ; effectifs
ingresos ; facturacion ; cuota de mercado ; capacidad (de/disponible/instalada/ociosa/libre/sobrante) ; ventas (de/del/trimestral*/anual*) ; beneficio* ; cartera de (pedidos/clientes) ; # (clientes/cuentas/usuarios/peticiones/solicitudes/consultas/licencias) ; # (millones/mil) de (peticiones/tokens/solicitudes/usuarios/consultas) ; (peticiones/solicitudes/tokens/consultas) (por/al) (segundo/minuto/hora/dia/semana/mes/ano) ; mayor cliente ; # _ (gpu/gpus/servidores) (libres/ociosas/disponibles) ; capacidad sobrante ; principales clientes ; tasa de utilizacion
fatturato ; quota di mercato ; capacita (produttiva/disponibile/inutilizzata) ; faturamento ; receita* (anual/mensal/liquida) ; participacao de mercado ; omzet ; marktaandeel ; przychod* ; udzial w rynku
выручка ; выручку ; выручки ; доля рынка ; мощности ; оборот
收入 ; 营收 ; 营业额 ; 销售额 ; 销量 ; 产能 ; 算力规模 ; 市场份额 ; 市占率 ; 用户数 ; 客户数 ; 日活 ; 月活 ; 调用量 ; 请求量 ; 日均调用 ; 每天#…次 ; 每月#…次 ; 每天处理# ; #个客户 ; #家客户 ; #万用户 ; #亿token ; #万次 ; #张卡 ; 张卡闲置 ; 张卡空闲 ; 活跃用户 ; 超过千万 ; 订单量 ; #块gpu ; #张gpu ; #卡集群 ; 利用率 ; 空闲算力 ; 利润 ; 最大客户 ; 大客户 ; 增长率 ; 流失率
売上 ; 市場シェア ; 稼働率 ; 生産能力 ; 利用者数 ; #万人 ; 매출 ; 시장점유율
`);

/** Capacity, revenue, shares of a market and exact counts: what competitors must not learn of one another. Decades of the schema are no text. */
export const VOLUME: Alarm = { kind: 'volume', find: ({ folded }) => VOLUME_PHRASES.find(folded) };
