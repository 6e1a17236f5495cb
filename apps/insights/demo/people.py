"""Who the customers are: names as they are found in Europe, addresses that reach nobody."""

import random
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum

MAIL_DOMAINS = ["mail.example", "post.example", "inbox.example"]
PLATFORMS = ["mobile", "desktop", "tablet"]
PERSONA_OF = ["Weekend hiker"] * 5 + ["Family planner"] * 3 + ["Trail runner"] * 2
# Numbers kept free for fiction by the regulators of these countries.
PHONES = {"DE": "+49302312{:04d}", "GB": "+447700900{:03d}", "FR": "+3363998{:04d}", "SE": "+46701740{:03d}"}
_PHONE_RANGES = {"DE": (5000, 5999), "GB": (0, 999), "FR": (0, 9999), "SE": (605, 699)}
COUNTRIES = ["DE"] * 9 + ["AT"] * 2 + ["GB"] * 3 + ["FR"] * 3 + ["NL"] * 2 + ["SE"] * 2 + ["ES", "IT", "PL", "CZ"]
CITIES = {
    "DE": "Berlin Hamburg München Köln Leipzig Freiburg Dresden Bremen Potsdam Kassel",
    "AT": "Wien Graz Innsbruck Salzburg Linz",
    "GB": "Leeds Bristol Sheffield Edinburgh Cardiff Keswick",
    "FR": "Lyon Grenoble Nantes Annecy Strasbourg Paris",
    "NL": "Utrecht Amsterdam Groningen Arnhem",
    "SE": "Stockholm Göteborg Umeå Östersund",
    "ES": "Barcelona Bilbao Granada Madrid",
    "IT": "Torino Bolzano Bologna Trento",
    "PL": "Kraków Gdańsk Wrocław Poznań",
    "CZ": "Praha Brno Liberec Olomouc",
}
GIVEN = {
    "DE": "Lena Jonas Miriam Felix Aylin Tobias Katrin Emre Johanna Matthias Leyla Sebastian Frieda Mehmet Anke Björn "
    "Theresa Kemal Sabine Linus Nele Hannes Zeynep Ulrike Moritz",
    "AT": "Magdalena Lukas Elisabeth Florian Verena Stefan Milica Georg Theresia Dominik",
    "GB": "Olivia Callum Priya Duncan Aisha Rhys Harriet Imran Eleanor Gareth Niamh Oliver Fiona Kwame Beth",
    "FR": "Camille Hugo Inès Mathieu Chloé Karim Manon Thibault Aïcha Julien Élodie Bastien Amélie Youssef",
    "NL": "Sanne Daan Femke Bram Fatima Joris Lotte Pieter Marieke Ruben",
    "SE": "Astrid Erik Elin Johan Saga Oskar Maja Anders Ebba Nils Åsa Viktor",
    "ES": "Lucía Pablo Carmen Álvaro Nuria Javier Marta Diego",
    "IT": "Giulia Matteo Chiara Lorenzo Francesca Davide Elisa Marco",
    "PL": "Agnieszka Piotr Zofia Tomasz Kasia Michał Magda Paweł",
    "CZ": "Tereza Jakub Markéta Ondřej Barbora Tomáš Klára Petr",
}
FAMILY = {
    "DE": "Hoffmann Yılmaz Krüger Brandt Neumann Vogel Schreiber Demir Lorenz Seidel Kraus Winkler Albers Çelik "
    "Petersen Ziegler Haas Engel Baumann Kuhn",
    "AT": "Gruber Steiner Moser Hofer Jovanović Berger Eder Wallner Pichler",
    "GB": "Hughes Patel MacLeod Whitfield Okonkwo Bennett Ashworth Hussain Pritchard Barnes Douglas Reid",
    "FR": "Lefèvre Moreau Benali Girard Rousseau Fontaine Chevalier Diallo Mercier Perrin Garnier",
    "NL": "de Vries|Bakker|van Dijk|Visser|El Amrani|Mulder|Smit|van den Berg",
    "SE": "Lindberg Holm Nyström Ekman Sjöberg Wallin Åkesson Bergqvist Sandström",
    "ES": "García|Ortega Ruiz|Navarro|Molina|Serrano|Iglesias|Vidal",
    "IT": "Ferrari|Conti|De Luca|Moretti|Rizzo|Galli|Marchetti",
    "PL": "Kowalska Nowak Wiśniewska Zieliński Mazur Lewandowska Wójcik",
    "CZ": "Nováková Svoboda Dvořák Černá Procházka Veselý Horáková",
}


class Kind(StrEnum):
    """What becomes of them; who is a buyer orders once, a regular again."""

    VISITOR = "visitor"
    PROSPECT = "prospect"
    BUYER = "buyer"
    REGULAR = "regular"
    SALE_DAY = "sale day"
    STORE = "store"


NUMBERS = {
    Kind.VISITOR: 150,
    Kind.PROSPECT: 100,
    Kind.BUYER: 118,
    Kind.REGULAR: 140,
    Kind.SALE_DAY: 34,
    Kind.STORE: 40,
}


@dataclass(slots=True)
class Person:
    """`key` is the external id, or for those who stay anonymous only the seed of their story."""

    key: str
    kind: Kind
    platform: str  # the device they mostly use
    persona: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""
    country: str = "DE"
    city: str = ""
    seen_on: set[str] = field(default_factory=set)  # devices on which they have signed in

    def anonymous_id(self, platform: str) -> str:
        return f"{self.key.lower()}-{platform}"

    @property
    def traits(self) -> dict[str, str]:
        given, _, family = self.name.partition(" ")
        found = {"firstName": given, "lastName": family, "email": self.email, "phone": self.phone}
        found |= {"country": self.country, "city": self.city}
        return {name: value for name, value in found.items() if value}


def everybody(rng: random.Random) -> list[Person]:
    people: list[Person] = []
    taken: set[str] = set()
    for kind, number in NUMBERS.items():
        for _ in range(number):
            people.append(_person(rng, kind, 1000 + len(people), taken))
    return people


def _person(rng: random.Random, kind: Kind, number: int, taken: set[str]) -> Person:
    platform = rng.choices(PLATFORMS, [56, 35, 9])[0]
    if kind is Kind.VISITOR:
        return Person(f"v{number}", kind, platform)
    country = rng.choice(COUNTRIES)
    name = _name(rng, country, taken)
    return Person(
        key=f"C-{number}",
        kind=kind,
        platform=platform,
        persona=rng.choice(PERSONA_OF) if rng.random() < 0.85 else "",
        name=name,
        email=f"{_plain(name)}@{rng.choice(MAIL_DOMAINS)}" if rng.random() < 0.97 else "",
        phone=_phone(rng, country, taken) if rng.random() < 0.6 else "",
        country=country,
        city=rng.choice(CITIES[country].split(" ")),
    )


def _name(rng: random.Random, country: str, taken: set[str]) -> str:
    """A name that nobody has yet; a few people live in another country than their name comes from."""
    while True:
        origin = country if rng.random() < 0.88 else rng.choice(list(GIVEN))
        families = FAMILY[origin].split("|" if "|" in FAMILY[origin] else " ")
        name = f"{rng.choice(GIVEN[origin].split(' '))} {rng.choice(families)}"
        if name not in taken:
            taken.add(name)
            return name


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name.lower().replace("ł", "l").replace("ı", "i"))
    return "".join(c for c in folded if c.isascii() and (c.isalnum() or c == " ")).replace(" ", ".")


def _phone(rng: random.Random, country: str, taken: set[str]) -> str:
    """A number that nobody has yet."""
    if country not in PHONES:
        return ""
    while (number := PHONES[country].format(rng.randint(*_PHONE_RANGES[country]))) in taken:
        pass
    taken.add(number)
    return number
