"""Free words become proposed facts: by concept, with the words they came from, and never worse than told.

The bars on stories are those that the project has set itself. A miss is mended in a concept of the
lexicon, never by the sentence of a story.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hinterland.errors import InputError
from hinterland.plugins.diagnosis.reading import lexicon, lexicon_file
from hinterland.plugins.diagnosis.reading.free_text import case_from
from hinterland.plugins.diagnosis.reading.proposals import MODEL, Proposal, merged
from hinterland.plugins.diagnosis.rules.case import Origin
from tests.triage_cases import VOCABULARY
from tests.triage_reading import told

ROOT = Path(__file__).parents[2]
STORIES = ROOT / "tests/data/triage/development.jsonl"
YES = {
    "body part and pain, either way round": ("my head hurts", "headache"),
    "with words between": ("pain that came in the middle of the chest", "chest_pain"),
    "an intensifier": ("an unbearable pain in the stomach", "severe_belly_pain"),
    "sudden and worst": ("the worst headache ever, out of nowhere", "sudden_severe_headache"),
    "one side": ("he cannot lift his left arm", "focal_weakness"),
    "a denied verb is a sign": ("she won't drink", "unable_to_drink"),
    "cannot be woken": ("I can't wake him", "unconscious"),
    "refuses": ("baby refuses the breast", "unable_to_drink"),
    "a no without an apostrophe": ("he cant breathe", "respiratory_distress"),
    "family speech": ("he can't keep anything down", "vomits_everything"),
    "misspelt": ("bad diahrea since two days", "diarrhoea"),
    "misspelt otherwise": ("my thraot is soar and I am vommiting", "vomiting"),
    "stretched": ("such a baaad heeeadache", "headache"),
    "short message": ("she is nt drinking", "unable_to_drink"),
    "no comma where one belongs": ("can't work my head hurts", "headache"),
    "a denial ends at but": ("no fever but a stiff neck", "stiff_neck"),
    "a denial ends at a new subject": ("no fever he is coughing", "cough"),
    "a denial that denies nothing": ("the bleeding won't stop", "ongoing_bleeding"),
    "not only": ("not only fever, also a cough", "fever_reported"),
    "parts in two sentences": ("He hit his head. Later he vomited.", "head_injury_alarm"),
    "the patient is a neighbour": ("my neighbour has chest pain", "chest_pain"),
    "a disease that stays": ("history of HIV", "weak_immunity"),
    "weeks of a pregnancy": ("I am 34 weeks and my head hurts", "pregnant"),
    "Pidgin": ("e no fit breathe", "respiratory_distress"),
    "passive": ("she cannot be woken", "unconscious"),
    "get somebody round": ("we can't get him round", "unconscious"),
    "can't even": ("he can't even swallow his spit", "cannot_swallow_saliva"),
    "as if does not fear": ("it is as if a stone lay on my chest", "chest_pain"),
    "a battle for breath": ("every breath is a battle", "respiratory_distress"),
    "two words at a time": ("he says two words at a time", "respiratory_distress"),
    "no life in him": ("there is no life in him", "lethargic"),
    "like a wet rag": ("she is like a wet rag", "lethargic"),
    "blood compared": ("the blood comes like a river", "heavy_bleeding"),
    "a hand that disobeys": ("my left hand won't do what I want", "focal_weakness"),
    "nothing makes sense": ("he doesn't make any sense", "altered_mental_state"),
    "runs on to the lips": ("shes nt breathin proper lips blue", "cyanosis"),
    "two marks of teeth": ("two puncture marks on his ankle", "snake_bite"),
    "cut off by a machine": ("the mower took two of his toes", "high_risk_injury"),
    "the placenta stays": ("the placenta has not come out", "heavy_bleeding"),
    "clinical: GCS": ("GCS 6", "unconscious"),
    "clinical: PPH": ("G2P2, PPH", "heavy_bleeding"),
    "clinical: purpura": ("petechial rash on both legs", "nonblanching_rash"),
    "clinical: CRT": ("CRT 5s", "slow_capillary_refill"),
    "what has no fact": ("my spleen is sore", "other_problem"),
    "fever in a sentence with drinking": ("earache and fever, drinking well", "fever_reported"),
    "hot things and blisters": (
        "hot fat jumped on my hand, two blisters came",
        "burn_deep_or_blistered",
    ),
    "a bruise with a shape": ("marks of a belt on his back", "abuse"),
    "a wound that turns bad": ("the graze is now hot and red", "spreading_redness"),
    "black before the eyes": ("everything went black, then I woke on the floor", "fainted"),
    "a tooth after a blow": ("a tooth came loose after a punch", "tooth_knocked_out"),
    "where there is malaria": ("came back from Ghana with fever", "malaria_travel"),
    "a grip that is gone": ("my wrist is sore and I cannot grip", "cannot_use_limb"),
    "clinicians' shorthand": ("acute coryza 3/7", "runny_nose"),
}


@pytest.mark.parametrize(("text", "fact"), YES.values(), ids=YES.keys())
def test_a_concept_is_found_however_it_is_said(text: str, fact: str) -> None:
    assert told(text).get(fact) is True


NOT_YES = {
    "no": ("no fever", "fever_reported"),
    "without": ("cough without fever", "fever_reported"),
    "a list": ("no fever, rash or stiff neck", "stiff_neck"),
    "nor": ("he has neither cough nor fever", "fever_reported"),
    "does not": ("she does not have a headache", "headache"),
    "between": ("the chest is not painful", "chest_pain"),
    "after": ("fever: none", "fever_reported"),
    "denies": ("denies chest pain", "chest_pain"),
    "no fits is no Pidgin": ("drinking well, no fits, alert", "convulsions"),
    "no longer": ("he is no longer vomiting", "vomiting"),
    "no trouble": ("no trouble breathing", "difficult_breathing"),
    "double": ("he does not refuse to drink", "unable_to_drink"),
    "feared": ("could it be a stroke", "focal_weakness"),
    "conditional": ("should I come back if she vomits", "vomiting"),
    "vaccinated": ("he was vaccinated against measles", "general_rash"),
    "other people": ("my son coughs, his sister had convulsions too", "convulsions"),
    "long ago": ("he had convulsions last year", "convulsions"),
    "years ago": ("I had chest pain three years ago", "chest_pain"),
    "over": ("my nose bled, still bleeding no, it has stopped", "ongoing_bleeding"),
    "a little word": ("a bit of a cold", "bite_or_needlestick"),
    "everything went grey": ("everything went grey for a second", "cyanosis"),
    "a limp is not limp": ("he walks with a limp", "lethargic"),
    "a fit of laughter": ("she had a fit of laughter", "convulsions"),
    "no breathing trouble": ("no breathing trouble", "respiratory_distress"),
    "no sucking in of the ribs": ("no sucking in of the ribs", "unable_to_drink"),
    "never or": ("he never goes blue or stops breathing", "respiratory_distress"),
    "shot up": ("he has shot up this year", "high_risk_injury"),
    "a tennis ball": ("a cheek swollen like a tennis ball", "testicular_pain_or_priapism"),
    "a note is no denial": ("note fever", "headache"),
    "a figure of speech": ("I was drowning in work", "drowned_or_strangled"),
    "out of it, of a fluid": ("stuff is running out of it", "lethargic"),
    "burning urine of the pregnant": ("28 weeks pregnant, it burns when I pee", "major_burn"),
    "wet nappies are well": ("a bit of milk comes up, lots of wet nappies", "thirst_and_urine"),
    "a fit of temper": ("she threw a fit in the shop", "convulsions"),
    "dead of it": ("my uncle died of a heart attack", "heart_signs"),
    "trouble after the verb": ("no swelling, no breathing trouble", "respiratory_distress"),
    "a denied list with a second denial": ("never blue or stops breathing", "limp_or_blue_spell"),
    "a limp is not limpness": ("he walks with a limp", "lethargic"),
    "the ball of a game": ("cheek swollen like a tennis ball", "testicular_pain_or_priapism"),
    "cold weather": ("my knee aches in cold weather", "threatened_limb"),
    "an hour ago": ("a wasp got my arm an hour ago, a bit red", "deep_skin_infection"),
    "how often is no age": ("headache, two nights a week", "age_days"),
}


@pytest.mark.parametrize(("text", "fact"), NOT_YES.values(), ids=NOT_YES.keys())
def test_what_is_denied_feared_past_or_of_others_is_no_yes(text: str, fact: str) -> None:
    assert told(text).get(fact) is not True


FRENCH = {
    "je n'arrive pas à le réveiller": "unconscious", "il convulse": "convulsions",
    "mon bébé ne tète plus": "unable_to_drink", "elle vomit tout": "vomits_everything",
    "il ne garde rien": "vomits_everything", "il est somnolent": "lethargic",
    "elle s'étouffe": "respiratory_distress", "ses lèvres sont bleues": "cyanosis",
    "il tousse depuis trois jours": "cough", "du mal à respirer": "difficult_breathing",
    "les côtes se creusent": "chest_indrawing", "douleur à la poitrine": "chest_pain",
    "j'ai mal au ventre": "acute_belly_pain", "diarrhée depuis hier": "diarrhoea",
    "du sang dans les selles": "blood_in_stool", "il a de la fièvre": "fever_reported",
    "la nuque raide": "stiff_neck", "mal à la tête": "headache",
    "bouche de travers d'un coup": "focal_weakness", "elle est confuse": "altered_mental_state",
    "il a perdu connaissance": "fainted", "elle saigne beaucoup": "heavy_bleeding",
    "enceinte et elle saigne": "unusual_vaginal_bleeding", "je suis enceinte": "pregnant",
    "mordu par un serpent": "snake_bite", "il a bu de la javel": "poisoning",
    "je veux mourir": "none", "renversé par une voiture": "high_risk_injury",
    "la langue gonflée après une piqûre de guêpe": "allergy_signs", "nez qui coule": "runny_nose",
    "mal de gorge": "throat_problem", "mal à l'oreille": "ear_pain", "mal aux dents": "toothache",
    "des boutons partout": "general_rash", "ça brûle quand j'urine": "burning_urine",
    "il urine très peu": "little_urine", "constipé": "constipation", "mal au dos": "back_or_neck_pain",
    "vertiges": "dizzy", "piqûre de moustique": "insect_bite_or_sting", "fièvr et diarhée": "diarrhoea",
}  # fmt: skip

SPANISH = {
    "no puedo despertarlo": "unconscious", "está convulsionando": "convulsions",
    "el bebé no quiere mamar": "unable_to_drink", "vomita todo lo que toma": "vomits_everything",
    "no retiene nada": "vomits_everything", "está muy decaído": "lethargic",
    "se ahoga": "respiratory_distress", "labios morados": "cyanosis",
    "tiene tos desde hace tres días": "cough", "le cuesta respirar": "difficult_breathing",
    "se le hunden las costillas": "chest_indrawing", "dolor en el pecho": "chest_pain",
    "me duele la barriga": "acute_belly_pain", "diarrea desde ayer": "diarrhoea",
    "sangre en el popó": "blood_in_stool", "tiene calentura": "fever_reported",
    "cuello rígido": "stiff_neck", "me duele la cabeza": "headache",
    "la boca torcida de repente": "focal_weakness", "está confundida": "altered_mental_state",
    "se desmayó": "fainted", "sangra mucho": "heavy_bleeding",
    "embarazada y sangrando": "unusual_vaginal_bleeding", "estoy embarazada": "pregnant",
    "le mordió una culebra": "snake_bite", "se tomó cloro": "poisoning",
    "quiero morir": "none", "lo atropelló un carro": "high_risk_injury",
    "se le hinchó la lengua": "allergy_signs", "moquea y estornuda": "runny_nose",
    "dolor de garganta": "throat_problem", "dolor de oído": "ear_pain", "dolor de muela": "toothache",
    "manchas por todo el cuerpo": "general_rash", "arde al orinar": "burning_urine",
    "casi no orina": "little_urine", "estreñido": "constipation", "dolor de espalda": "back_or_neck_pain",
    "mareos": "dizzy", "picadura de mosquito": "insect_bite_or_sting", "fiebr y diarea": "diarrhoea",
}  # fmt: skip


@pytest.mark.parametrize(("language", "texts"), [("fr", FRENCH), ("es", SPANISH)])
def test_french_and_spanish_are_read_by_the_same_engine(
    language: str, texts: dict[str, str]
) -> None:
    missed = {}
    for text, fact in texts.items():
        found = told(text, language)
        right = found.get("self_harm") == "thoughts" if fact == "none" else found.get(fact) is True
        if not right:
            missed[text] = found
    assert missed == {}


@pytest.mark.parametrize(
    ("language", "text", "facts"),
    [
        ("fr", "pas de fièvre, ni toux, sans diarrhée", ("fever_reported", "cough", "diarrhoea")),
        ("fr", "il n'a pas mal à la tête", ("headache",)),
        ("fr", "il a eu des convulsions l'année dernière", ("convulsions",)),
        ("es", "no tiene fiebre ni tos, sin diarrea", ("fever_reported", "cough", "diarrhoea")),
        ("es", "no le duele la cabeza", ("headache",)),
        ("es", "tuvo convulsiones el año pasado", ("convulsions",)),
    ],
)
def test_denials_in_french_and_spanish(language: str, text: str, facts: tuple[str, ...]) -> None:
    found = told(text, language)
    assert [fact for fact in facts if found.get(fact) is True] == []


def test_yes_beats_no_and_the_more_serious_beats() -> None:
    assert told("no fever. This evening a fever of 39")["fever_reported"] is True
    assert told("pale, no, very pale palms")["pallor"] == "severe"
    assert told("cough for two days, coughing on and off for three weeks")["cough_days"] == 21


def test_a_model_adds_and_never_takes_away() -> None:
    yes = Proposal(fact="cough", value=True, words="cough", start=0, end=5)
    no = Proposal(fact="cough", value=False, words="cough", start=0, end=5, by=MODEL)
    assert merged([yes], [no]) == (yes,)
    assert merged([no], [yes]) == (yes,)


text_of_people = st.text(
    st.sampled_from("abcdehinopstuv 0123456789.,'/-!?\n°%éñ漢\u200b") | st.characters(),
    max_size=300,
)


@settings(max_examples=25)
@given(text_of_people)
@example("no no no not without never can't can't")
@example("1/0 0/7 999999999999 years old 1e9 °F ½ ٣ weeks 3/7 170/ /110 28")
def test_any_text_is_read_and_every_proposal_quotes_it(text: str) -> None:
    for language in ("en", "fr", "es"):
        for each in lexicon.read(text, VOCABULARY, language):
            assert text[each.start : each.end] == each.words != ""
            assert each.fact in VOCABULARY.facts
        case_from(text, lexicon.read(text, VOCABULARY, language), VOCABULARY, False, language)


def test_the_longest_text_is_read_and_a_longer_one_refused() -> None:
    words = "no fever but pain in the chest can't breathe zxqvbnml 3 days "
    text = (words * (lexicon.LONGEST // len(words) + 1))[: lexicon.LONGEST]
    assert told(text)["chest_pain"] is True
    with pytest.raises(InputError, match="characters") as raised:
        lexicon.read(text + "x", VOCABULARY)
    assert raised.value.hint
    with pytest.raises(InputError, match="no lexicon"):
        lexicon.read("x", VOCABULARY, "xx")


BROKEN = {
    'fact = "headache"': ('fact = "headach"', "cannot be"),
    'say = ["<head> & <pain>"]': ('say = ["<heda> & <pain>"]', "there is no class <heda>"),
    'pain = "pain, hurts"': ('pain = "pain, *"', "is not a word"),
    'body = "head"': ('body = "hat"', "there is no class <hat>"),
    'fact = "temperature_c"': ('fact = "cough"', "is not a number"),
}


@pytest.mark.parametrize(("right", "wrong"), BROKEN.items(), ids=BROKEN.keys())
def test_a_broken_lexicon_names_file_and_line(
    tmp_path: Path, right: str, wrong: tuple[str, str]
) -> None:
    text = small_lexicon()
    file = tmp_path / "xx.toml"
    file.write_text(text.replace(right, wrong[0]), encoding="utf-8")
    line = text.splitlines().index(right) + 1
    with pytest.raises(InputError, match=f"{file.name}:{line}: .*{wrong[1]}"):
        lexicon_file.load(file, VOCABULARY)


def small_lexicon() -> str:
    """Return the smallest lexicon: the shared parts of the French one and a sign of its own."""
    shipped = (lexicon_file.SHIPPED / "fr.toml").read_text(encoding="utf-8")
    start = shipped.index("[scope]")
    head = 'language = "xx"\nversion = "1"\nendings = ["s"]\nsmall = "a"\ncomplaint = "pain"\n'
    scope_and_time = shipped[start : shipped.index("[classes]")]
    return f"""{head}body = "head"
[numbers]
one = 1
{scope_and_time}[classes]
head = "head"
pain = "pain, hurts"
[[measure]]
fact = "temperature_c"
near = "temp"
lowest = 33
highest = 43
[[sign]]
fact = "headache"
say = ["<head> & <pain>"]
"""


def test_a_lexicon_of_ones_own_is_read(tmp_path: Path) -> None:
    file = tmp_path / "xx.toml"
    file.write_text(small_lexicon(), encoding="utf-8")
    found = lexicon.read_with(lexicon_file.load(file, VOCABULARY), "head hurts", VOCABULARY)
    assert [each.fact for each in found] == ["headache"]


def test_what_nobody_confirmed_is_assumed_and_silence_is_marked() -> None:
    text = "runny nose and sneezing, no fever, 30 years old"
    proposals = lexicon.read(text, VOCABULARY)
    only = case_from(text, proposals, VOCABULARY)
    assert only.answers["runny_nose"].origin is Origin.ASSUMED
    assert "cough" not in only.answers
    all_else = case_from(text, proposals, VOCABULARY, unmentioned=False)
    assert all_else.answers["cough"].value is False
    assert all_else.answers["cough"].origin is Origin.SILENCE
    assert all_else.value("other_problem") is False


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello, I am 30",
        "my flurb is sore, no fever, 30 years old",
        "xyzzy",
        "a rash since today, 30 years old",
    ],
)
def test_a_story_that_is_not_understood_is_never_without_another_problem(text: str) -> None:
    case = case_from(text, lexicon.read(text, VOCABULARY), VOCABULARY, unmentioned=False)
    assert case.value("other_problem") is not False


def bench() -> Any:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        import triage
    finally:
        sys.path.pop(0)
    return triage


def test_the_stories_are_triaged_as_well_as_the_project_promises() -> None:
    triage = bench()
    packs = triage.packs_of(triage.LAY, VOCABULARY)
    reads = [triage.assessed(each, packs, VOCABULARY, "en") for each in triage.stories(STORIES)]
    assert len(reads) == 180
    measures = triage.measures(reads)
    below = {name: measures[name] for name, bar in triage.BARS.items() if measures[name] < bar}
    assert below == {}, triage.shown(reads)
