import type { Grammar } from './grammar.js';

const words = (text: string): string[] => text.split(',').map((word) => word.trim());

/** Word lists that every style draws on. */
export const LEXICON: Grammar = {
  person: words(
    'Maya,Tom,Aisha,Peter,Lin,Carlos,Ingrid,Ravi,Noor,Dan,Elena,Kofi,Sara,Jonas,Mei,Omar,Priya,Leo,Hana,Viktor,Zoe,Ahmed,Nina,Paul,Rosa,Ken,Fatima,Ivan,Lucy,Mateo,Greta,Sam',
  ),
  place: words(
    'Lisbon,Oslo,Nairobi,Kyoto,Toronto,Lima,Dublin,Hanoi,Warsaw,Accra,Denver,Milan,Seoul,Cairo,Porto,Leeds,Austin,Bergen,Quito,Perth,Riga,Tunis,Ghent,Pune,Malmo,Izmir,Basel,Cork,Turin,Lagos',
  ),
  company: words(
    'Northwind,Acme Tools,Brightleaf,Harbor Foods,Kestrel Air,Lumen Bank,Osprey Media,Pinecone Health,Quarry Steel,Ridgeline,Solstice Energy,Tallow Labs,Umber Textiles,Vantage Rail,Willow Homes,Zephyr Motors,Cobalt Freight,Delta Grain,Ember Games,Fjord Shipping',
  ),
  good: words(
    'apples,pencils,tickets,notebooks,loaves of bread,bags of rice,candles,marbles,stickers,bottles of juice,muffins,roses,postcards,eggs,tiles,bricks,batteries,cups of tea,t-shirts,puzzle books,seed packets,jars of honey,oranges,paint tins,bolts,magazines,sandwiches,toy cars,balloons,scarves',
  ),
  topic: words(
    'renewable energy,urban gardening,time management,sleep quality,remote work,ocean pollution,home brewing,public speaking,personal finance,chess openings,plant-based diets,electric cars,machine translation,wildlife photography,climate policy,mental health,sourdough baking,medieval history,quantum computing,customer loyalty,childhood education,space travel,data privacy,water scarcity,modern architecture,jazz music,marathon training,supply chains,immune response,volcanic activity,coral reefs,social media habits,minimum wage,vertical farming,antibiotic resistance,language learning,street art,solar storms,bee populations,fast fashion,board games,black holes,ancient trade routes,open source licensing,noise pollution,digital banking,school uniforms,food waste,glacier retreat,bicycle commuting',
  ),
  adjective: words(
    'careful,brief,vivid,formal,practical,surprising,balanced,friendly,technical,persuasive,humorous,detailed,plain,poetic,critical,neutral,hopeful,honest,dramatic,gentle',
  ),
  audience: words(
    'beginners,high school students,managers,parents,nurses,investors,new hires,travellers,retirees,software engineers,teachers,small business owners,gardeners,journalists,policy makers,children',
  ),
  text_form: words(
    'email,poem,short story,blog post,speech,product description,press release,dialogue,limerick,summary,cover letter,news report,diary entry,advertisement,checklist,lesson plan,recipe,interview,fable,report',
  ),
  language: words('Python,JavaScript,Java,C++,Go,Rust,Ruby,TypeScript,SQL,Kotlin,PHP,Swift,C#,Bash'),
  data_structure: words(
    'linked list,binary tree,hash map,stack,queue,priority queue,graph,matrix,string,array of integers,trie,sorted list,set of intervals,nested dictionary,text file,CSV table,circular buffer,sparse vector',
  ),
  algorithm: words(
    'binary search,merge sort,breadth-first search,dynamic programming,memoization,two pointers,recursion,a sliding window,topological sorting,union-find,backtracking,a greedy method,bit manipulation,a heap',
  ),
  defect: words(
    'returns the wrong value for empty input,raises a TypeError,runs in quadratic time,leaks a file handle,fails on negative numbers,never terminates,drops the last element,prints None,overflows,deadlocks under load',
  ),
  machine: words(
    'laptop,router,printer,phone,tablet,thermostat,camera,headset,monitor,keyboard,smart lock,speaker,vacuum,watch,e-bike,dishwasher',
  ),
  goods_order: words(
    'order,parcel,refund,invoice,subscription,card,account,password,delivery,exchange,voucher,transfer',
  ),
  field: words(
    'biology,economics,linear algebra,organic chemistry,world history,statistics,physics,sociology,literature,philosophy,computer networks,geography,accounting,psychology,music theory,law',
  ),
  concept: words(
    'osmosis,opportunity cost,eigenvalues,nucleophilic substitution,the silk road,confidence intervals,angular momentum,social capital,the unreliable narrator,utilitarianism,routing tables,plate tectonics,double-entry bookkeeping,operant conditioning,counterpoint,tort liability,mitosis,price elasticity,determinants,aromaticity,the french revolution,p-values,entropy,class mobility,free verse,free will,packet loss,erosion,depreciation,working memory',
  ),
  action: words(
    'sold,bought,collected,baked,planted,packed,repaired,delivered,painted,counted,shared,stored,printed,borrowed,donated',
  ),
  unit: words('minutes,kilometres,litres,dollars,pages,kilograms,hours,metres,boxes,points'),
  verb: words(
    'explain,compare,improve,measure,predict,reduce,design,plan,test,evaluate,organise,describe,simplify,document,translate,review,schedule,estimate',
  ),
  tongue: words(
    'French,German,Spanish,Polish,Japanese,Portuguese,Turkish,Swedish,Korean,Italian,Dutch,Hindi',
  ),
};
