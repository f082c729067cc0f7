"""The words of the embedded corpus, in the roles that `grammar` gives them: everyday English, fit for any audience.

Conventions: lower case, British spelling, words parted by blanks; verbs are written `base:past`. Every adjective of a
`Kind` goes with every noun of it, and every verb with both: that is what makes a kind. People who are subjects are
never objects, and no adverbial is a part of another phrase: else a phrase that is held out would be heard elsewhere.

Contents: `Kind`, `KINDS`, `NAMES`, `PEOPLE`, `PEOPLE_PLURAL`, `PEOPLE_ADJECTIVES`, `REPORTS`, `INTRANSITIVE`, `PLACES`,
`TIMES`, `MANNERS`, `EXTRA`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of thing that can be an object.

    Args:
        one: countable nouns in the singular.
        many: nouns in the plural.
        some: nouns that cannot be counted.
        adjectives: what such things can be like.
        verbs: what can be done with them, `base:past`.
        concrete: whether such things stand, lie or wait somewhere.
    """

    one: str
    many: str
    some: str
    adjectives: str
    verbs: str
    concrete: bool = True


KINDS = {
    "food": Kind(
        one="apple orange lemon banana peach pear melon onion carrot potato tomato cabbage sandwich pancake biscuit "
        "cake pie omelette salad pudding sausage cheese",
        many="apples oranges grapes cherries plums berries eggs onions carrots potatoes tomatoes beans peas mushrooms "
        "noodles biscuits sandwiches nuts olives",
        some="bread butter rice soup chicken fish honey jam chocolate fruit pasta cream",
        adjectives="fresh sweet warm cold tasty cheap ripe frozen hot delicious simple spicy",
        verbs="eat:ate cook:cooked buy:bought taste:tasted share:shared serve:served order:ordered prepare:prepared "
        "finish:finished enjoy:enjoyed",
    ),
    "drink": Kind(
        one="coffee lemonade milkshake",
        many="drinks juices",
        some="water milk tea coffee juice cocoa lemonade",
        adjectives="cold hot warm sweet fresh cool bitter refreshing iced",
        verbs="drink:drank pour:poured spill:spilled order:ordered bring:brought taste:tasted",
    ),
    "clothes": Kind(
        one="coat jacket shirt skirt dress sweater scarf hat cap glove belt uniform raincoat necklace ring suit tie "
        "blouse costume",
        many="shoes boots socks gloves trousers jeans sandals slippers buttons glasses pyjamas",
        some="jewellery clothing",
        adjectives="red blue green yellow purple pink grey woollen cotton leather elegant dirty clean tight silk",
        verbs="wear:wore wash:washed buy:bought borrow:borrowed sew:sewed fold:folded pack:packed choose:chose",
    ),
    "thing": Kind(
        one="key lamp clock basket bottle bucket candle hammer kettle ladder mirror needle pencil pillow plate radio "
        "rope spoon towel umbrella wallet camera telephone bag box knife fork cup bowl blanket comb torch ball doll "
        "kite puzzle drum guitar violin whistle flute trumpet piano",
        many="keys coins candles matches scissors tools nails ropes toys stamps ribbons bricks blankets towels spoons "
        "cups plates batteries marbles",
        some="money paper string glue soap luggage equipment",
        adjectives="small little heavy broken plastic wooden golden silver shiny rusty expensive useless empty strange "
        "missing square round",
        verbs="find:found carry:carried lose:lost hide:hid drop:dropped bring:brought sell:sold keep:kept "
        "repair:repaired clean:cleaned collect:collected hold:held lift:lifted",
    ),
    "furniture": Kind(
        one="table chair desk sofa cupboard bed shelf bench wardrobe drawer door window fence gate wall roof carpet "
        "curtain fridge oven bathtub staircase ceiling fireplace chimney",
        many="tables chairs shelves doors windows curtains stairs benches walls carpets",
        some="furniture",
        adjectives="wooden broken narrow wide low high old new white brown modern solid ancient comfortable",
        verbs="paint:painted move:moved measure:measured build:built polish:polished repair:repaired cover:covered "
        "notice:noticed",
    ),
    "vehicle": Kind(
        one="car bus lorry tractor bicycle motorbike boat ship ferry train van taxi plane helicopter wagon tram "
        "caravan ambulance rocket submarine canoe scooter",
        many="cars boats bicycles trains lorries ships wheels engines wagons tractors",
        some="traffic",
        adjectives="fast slow noisy blue green yellow black enormous electric modern rusty foreign speedy",
        verbs="watch:watched follow:followed hear:heard stop:stopped see:saw photograph:photographed "
        "describe:described",
    ),
    "animal": Kind(
        one="dog cat horse cow sheep goat pig rabbit mouse fox bear wolf lion tiger elephant monkey camel donkey duck "
        "goose eagle owl parrot pigeon swan turtle frog snake lizard spider butterfly beetle squirrel hedgehog dolphin "
        "whale kitten puppy lamb",
        many="dogs cats horses cows ducks geese bees ants butterflies pigeons puppies kittens chickens mice wolves "
        "birds",
        some="",
        adjectives="wild tame hungry thirsty brave shy clever lazy tiny enormous brown white spotted gentle sleepy",
        verbs="feed:fed watch:watched follow:followed chase:chased draw:drew rescue:rescued see:saw hear:heard "
        "photograph:photographed love:loved",
    ),
    "text": Kind(
        one="book letter newspaper magazine story poem song map ticket postcard diary message recipe novel picture "
        "film menu photograph dictionary play tune melody notebook calendar speech",
        many="books letters songs poems stories pictures notes maps tickets pages films photographs messages",
        some="music poetry homework",
        adjectives="long short famous funny boring secret beautiful sad romantic serious favourite popular interesting "
        "amazing",
        verbs="copy:copied study:studied choose:chose remember:remembered discuss:discussed finish:finished "
        "translate:translated admire:admired find:found borrow:borrowed",
    ),
    "building": Kind(
        one="house castle tower church hotel museum theatre palace cottage bridge lighthouse stadium temple cathedral "
        "hospital factory library village city island harbour airport monument market",
        many="houses castles villages islands cities museums gardens churches bridges towers",
        some="countryside",
        adjectives="famous peaceful crowded large old beautiful tall ruined distant lovely historic empty foreign",
        verbs="visit:visited see:saw admire:admired leave:left paint:painted photograph:photographed "
        "describe:described explore:explored reach:reached",
    ),
    "nature": Kind(
        one="flower rose tulip daisy tree bush leaf branch stone shell feather mushroom pumpkin sunflower lily cactus "
        "seed pebble rock root",
        many="flowers roses tulips daisies leaves branches stones shells feathers seeds plants pebbles rocks trees",
        some="grass wood hay sand gravel snow",
        adjectives="yellow pink orange white pretty dry wet purple unusual tropical dark smooth",
        verbs="pick:picked collect:collected gather:gathered plant:planted draw:drew bring:brought touch:touched",
    ),
    "idea": Kind(
        one="plan idea problem question answer secret mistake dream promise joke rule method reason difference lesson "
        "project decision proposal result theory experiment adventure",
        many="plans ideas problems questions answers rules dreams reasons mistakes facts details numbers results",
        some="advice news evidence information knowledge",
        adjectives="clever new difficult easy important simple strange different wonderful wrong perfect complicated "
        "practical ridiculous",
        verbs="understand:understood explain:explained forget:forgot discuss:discussed remember:remembered "
        "mention:mentioned accept:accepted ignore:ignored consider:considered change:changed need:needed",
        concrete=False,
    ),
    "person": Kind(
        one="guest visitor tourist stranger customer patient prisoner passenger beginner champion winner hero genius",
        many="guests visitors tourists strangers customers patients passengers winners twins",
        some="",
        adjectives="friendly nervous polite quiet foreign important grateful lonely patient impatient unknown",
        verbs="meet:met call:called help:helped invite:invited thank:thanked welcome:welcomed greet:greeted "
        "answer:answered trust:trusted",
    ),
}
"""What can be an object, by kind."""

NAMES = (
    "anna peter maria thomas laura daniel emma david sarah michael julia martin helen robert alice george lucy henry "
    "clara simon nina oliver rosa victor eva samuel hannah felix martha edward sophie walter irene roland amy benjamin "
    "diana frank susan philip linda oscar judith nathan vera adam ruth karen leo monica"
)
PEOPLE = (
    "farmer teacher doctor nurse baker butcher driver pilot sailor soldier painter singer dancer actor writer lawyer "
    "engineer carpenter plumber gardener waiter cook student professor judge mayor king queen prince princess officer "
    "policeman shopkeeper fisherman tailor barber dentist scientist journalist photographer musician neighbour cousin "
    "brother sister mother father uncle aunt grandmother grandfather daughter son nephew niece friend girl boy child "
    "woman man lady gentleman manager secretary librarian captain coach astronaut clown magician "
    "mechanic electrician minister president director inspector reporter"
)
PEOPLE_PLURAL = (
    "farmers teachers doctors nurses sailors soldiers painters singers dancers students children girls boys women men "
    "friends neighbours cousins brothers sisters parents workers drivers actors scientists lawyers musicians "
    "gardeners fishermen people"
)
PEOPLE_ADJECTIVES = (
    "old young tall kind clever famous friendly quiet busy brave happy tired lucky polite careful curious cheerful "
    "rich poor strict charming modest proud elderly generous"
)
REPORTS = (
    "said thought knew heard believed noticed explained wrote agreed announced admitted claimed hoped guessed decided "
    "discovered suggested understood insisted confirmed"
)
INTRANSITIVE = (
    "slept waited laughed sang danced smiled listened worked rested talked stayed whispered shouted walked ran swam "
    "cried sat stood studied played sneezed yawned relaxed argued fell arrived disappeared trained coughed snored"
)

PLACES = {
    "in behind near outside": "kitchen garden house school library museum hospital station theatre church factory "
    "office garage hotel restaurant castle palace temple barn stable classroom",
    "in": "bathroom bedroom hall cellar attic forest desert valley park town country village city street square "
    "mountains water rain snow shade corner middle afternoon sun fog darkness",
    "near by beside": "river lake sea fountain harbour bridge lighthouse railway airport entrance fireplace window "
    "gate waterfall statue canal pond beach",
    "under on behind": "table bed roof stairs bench stage sofa platform ladder tree",
    "across along": "street river road field beach avenue border path",
}
"""Where things happen: prepositions and the nouns that go with each of them, all with "the"."""

TIMES = {
    "on": "monday tuesday wednesday thursday friday saturday sunday",
    "in": "january february march april may june july august september october november december spring summer autumn "
    "winter",
    "at": "noon midnight night dawn sunset christmas easter breakfast",
    "after before during": "breakfast lunch dinner supper work school",
    "after the|before the|during the": "meeting lesson concert match party holiday journey storm wedding exam "
    "interview show game race parade ceremony conference earthquake",
    "last": "week month year night summer winter weekend autumn spring",
    "every": "week month year day morning evening afternoon weekend hour winter summer",
    "for": "minutes hours days weeks months years",
}
"""When: prepositions (alternatives parted by blanks, or by bars where they are longer) and the nouns after each."""

DAY_PARTS = "morning afternoon evening night"

MANNERS = {
    "": "slowly quickly quietly carefully secretly politely happily suddenly easily finally yesterday today together "
    "alone again twice often early late immediately patiently proudly eagerly gently loudly clumsily nervously calmly "
    "bravely cheerfully gladly silently perfectly abroad upstairs downstairs indoors somewhere everywhere",
    "with": "pleasure care help difficulty pride surprise confidence enthusiasm patience joy",
    "without": "help permission warning delay hesitation money luggage success regret trouble",
    "for": "free fun money luck practice",
    "because of the": "weather noise heat cold strike traffic rain delay",
    "in spite of the": "weather danger price distance cost law",
}
"""How and why."""

NUMBERS = "two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty"

EXTRA = (
    "bat pat mat fat sat cat that shot boat beat "
    "zero one two three four five six seven eight nine red green blue white black brown "
    "bin lay place set at by in with again now please soon"
)
"""Words that no sentence of the grammar needs, but the probes of lip reading and commands do."""
