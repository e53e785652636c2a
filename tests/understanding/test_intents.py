"""What the company's data say of intents, and what follows where they say nothing."""

from callcenter.knowledge.categories_file import read_categories
from callcenter.settings import TREE
from callcenter.understanding.intents.intents import Intent, IntentRules, choose_intent
from callcenter.understanding.phrases.ranking import ScoredEntry

OUTAGE = ScoredEntry("NEWS", 0.9, "света нет", ("света нет",))


def test_an_intent_implies_a_category_only_where_there_is_just_one() -> None:
    rules = IntentRules(of_category={"NEWS": Intent.OUTAGE, "PIPES": Intent.PAID, "WINDOWS": Intent.PAID})
    assert [rules.find_category(one) for one in (Intent.OUTAGE, Intent.PAID, Intent.STATUS)] == ["NEWS", "", ""]


def test_a_category_with_an_intent_answers_with_the_article_that_tells_of_it() -> None:
    rules = IntentRules(of_category={"NEWS": Intent.OUTAGE}, of_article={"A7": Intent.OUTAGE})
    choice = choose_intent((), [OUTAGE], (), (), rules)
    assert choice.intent is Intent.OUTAGE
    assert choice.article is not None
    assert choice.article.key == "A7"


def test_without_such_an_article_the_intent_stands_alone() -> None:
    choice = choose_intent((), [OUTAGE], (), (), IntentRules(of_category={"NEWS": Intent.OUTAGE}))
    assert (choice.intent, choice.article) == (Intent.OUTAGE, None)


def test_a_category_that_no_rule_names_is_a_request_or_an_accident() -> None:
    assert choose_intent((), [OUTAGE], (), (), IntentRules()).intent is Intent.REQUEST
    accident = IntentRules(accidents=frozenset({"NEWS"}))
    assert choose_intent((), [OUTAGE], (), (), accident).intent is Intent.EMERGENCY
    asked = IntentRules(consulting=frozenset({"NEWS"}))
    assert choose_intent((), [OUTAGE], (), (), asked).intent is Intent.INFORMATION


def test_the_shipped_categories_carry_their_intents_and_families() -> None:
    categories, problems = read_categories(TREE / "knowledge_base" / "categories.yaml")
    assert problems == []
    assert categories.get_family("WAT_LEAK_RISER") == categories.get_family("ROOF_LEAK") == "leak"
    assert categories.get_family("LIFT_FAULT") == "LIFT"
    assert categories.get_family("NO_SUCH_CODE") == "NO"
    told = {one.code: str(one.intent) for one in categories if one.intent is not None}
    assert told == {
        "METER_READING": "reading",
        "TICKET_STATUS": "status",
        "COMPLAINT_STAFF": "complaint",
        "OUTAGE_INFO": "outage",
        "PAID_WORK": "paid",
        "PAID_CLEAN": "paid",
    }
