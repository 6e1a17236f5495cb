"""What people say: notes of the support line and the store, questions in the chat, comments of answers."""

QUESTIONS_ON_SIZES = [
    "Do the Ridge boots run small? I am between 42 and 43.",
    "The size guide says 265 mm is a 41, on another page it is a 42. Which one is right?",
    "I wear a 39 in everything. Your table says 40. Should I trust it?",
    "My feet are wide. Is there any model that comes in a wide fit?",
    "Is the Swift 5 the same size as the Swift 4? Mine were 44 and fitted.",
    "Which size for a child with 19 cm feet who should still fit in spring?",
    "Do I need half a size more for thick socks in the Ridge GTX?",
]
OTHER_QUESTIONS = [
    "Is the Stormline jacket good enough for two weeks in Scotland?",
    "When will the Larch jacket be back in blue?",
    "Can I send back one item of an order of three?",
    "Do you deliver to a parcel station?",
]
CALLS = {
    "size": [
        "Wants to know which size to take in the Ridge GTX. Usually wears 42, our guide says 43. Advised 43.",
        "Ordered 38 and 39 of the Meadow to be safe and will send one back. Asks why the guide has no millimetres.",
        "Third call this week on children's sizes. Measured together on the phone: 20.5 cm, so 33.",
        "Compared the Swift 5 with her old Swift 4. The last has become narrower, recommended half a size more.",
        "Gave up on the web page because the size guide covers the size buttons on his phone. Took the order by phone.",
    ],
    "delivery": [
        "Parcel is shown as delivered but is not there. Found at the neighbour's on the second floor.",
        "Asks whether the parcel comes before Saturday, they leave for the Alps. Tracking says Friday.",
        "Wants the parcel sent to the office instead. Changed it with the carrier.",
        "Only two of three items in the parcel. The socks follow on their own, nobody had told him.",
    ],
    "payment": [
        "The pay button on the phone does nothing. Tried three times, then called. Ordered for her on my screen.",
        "Card was refused although there is money on it. Same card works elsewhere. Our payment was down.",
        "Was charged twice as it seems, one is only a reservation. Explained, will be gone in three days.",
        "Asks if the order went through, got no confirmation. It did not: payment was never finished.",
    ],
    "return": [
        "Boots are too small, wants an exchange for one size up without paying twice. Reserved the 43.",
        "Return label cannot be opened on the phone. Sent it again as a PDF.",
        "Sent the jacket back ten days ago and waits for the money. Refund was stuck, released it.",
    ],
}
STORE_VISITS = [
    "Looked at rain jackets for a trip to Norway, tried on the Stormline in M and L.",
    "Came in with the phone and the product page open, wanted to feel the Larch jacket before ordering.",
    "Picked up an order and bought wax for the boots.",
    "Looking for boots for a first hut tour. Has time until next month.",
    "Asked whether we have the Swift 5 in 44. Sold out here, shown how to order it online.",
    "Family of four, rain gear for the children. Left with the catalogue.",
]
FITTINGS = [
    "Left foot 2 mm longer. Ridge Mid in 41.5 sits well, the 41 she wears is too short.",
    "Wide forefoot. Meadow is comfortable, Ridge GTX presses at the little toe.",
    "Overpronates slightly. Tried Swift 5 and Swift Light, ran on the street, prefers the Swift 5.",
    "Wears 43 at home and needs 44 in ours. Noted for next time.",
]
REPAIRS = [
    "Sole of the left boot comes off at the toe after two years. Sent to be resoled.",
    "Zip of the Stormline jacket stuck. Changed the slider while he waited.",
    "Pole does not lock any more. Replaced under warranty.",
]
REFUND_REASONS = ["too small"] * 6 + ["too big", "not as in the picture", "arrived too late"]
OTHER_REFUND_REASONS = ["not as in the picture", "changed my mind", "colour is different", "arrived too late"]
CHECKOUT_ERRORS = [
    "The pay button did not respond.",
    "The page with the card number closed by itself.",
    "Something went wrong. Please try again.",
]

# Comments by how good the score is; an empty one is an answer without a comment.
COMMENTS: dict[str, dict[str, list[str]]] = {
    "nps": {
        "good": [
            "Third pair of the same boots and the third time they arrived within two days.",
            "A real person answered the phone and knew the shoes.",
            "My old boots were resoled for the price of a dinner. Who does that any more?",
            "Good things, fair prices, no nonsense. I have sent you two colleagues.",
            "",
        ],
        "middle": [
            "Good quality. The sizes remain a lottery.",
            "Fine, but the shop on the phone could be easier to use.",
            "Nothing wrong, nothing special either.",
            "",
        ],
        "bad": [
            "I order two sizes of everything because I cannot trust the guide, and then I pay for the return.",
            "Paying on my phone failed four times. I ordered at my desk in the end, out of stubbornness.",
            "The refund took three weeks and two calls.",
            "Second pair that is too small. Your 42 is not a 42.",
            "Payment failed all day when I wanted to order, and nobody told me when it worked again.",
            "The jacket is good. The shop on the phone is not: the pay button simply does nothing.",
            "No two of your pages agree on the size of my feet.",
            "I asked in the chat about the size and got the same table that I did not understand.",
        ],
    },
    "csat": {
        "good": [
            "Came a day early and the carrier carried it up to the fourth floor.",
            "Little packaging, everything dry, thank you.",
            "As promised, on Friday before noon. We were in the mountains on Saturday.",
            "",
            "",
        ],
        "middle": [
            "Two parcels for one order. It worked, but it is a waste.",
            "Arrived, but I had to look for the tracking number.",
            "",
        ],
        "bad": [
            "Left in the rain in front of the house. The carton was soaked.",
            "Said to be delivered on Tuesday, came on Friday. I had taken the day off.",
            "The boots are too small and the return label was not in the parcel.",
            "Nobody rang the bell although I was at home all day.",
            "Handed to a neighbour I do not know. It took me two days to find out which one.",
            "Box crushed on one side, shoes fine. For that price I expect better packing.",
            "The tracking link led to somebody else's parcel.",
            "Too small again, so now the parcel goes back the way it came.",
        ],
    },
    "ces": {
        "good": [
            "Two minutes on the phone and the right size was set aside for me.",
            "Had my feet measured at last. That should have happened years ago.",
            "The new label was in my inbox before I had put down the phone.",
            "",
        ],
        "middle": ["It was settled, after being passed on once.", ""],
        "bad": [
            "I had to explain the same thing to three people.",
            "Twenty minutes in the queue for a question that the web page should answer.",
            "You asked me for an order number that I was never sent.",
            "The colleague was friendly, but could not see what I had written in the chat.",
            "I was told that the 39 is right. It is not. Now I do it all again.",
        ],
    },
}
# Root cause and action taken of cases that were closed, by the kind of survey.
CLOSINGS: dict[str, list[tuple[str, str]]] = {
    "nps": [
        (
            "Size guide and product page disagree on the Ridge boots.",
            "Sent the right size free of charge; told product data.",
        ),
        (
            "Pay button does not respond in mobile browsers.",
            "Ordered by phone with free delivery; added to the fault at the web team.",
        ),
        ("Refund waited for a stamp in the warehouse.", "Refunded the same day and apologised by phone."),
    ],
    "csat": [
        ("Carrier left the parcel without a safe place.", "Sent a new pair; complaint filed with the carrier."),
        (
            "Delivery date shown was that of another depot.",
            "Voucher of 10 euros; date taken off the page until it is right.",
        ),
        (
            "Return label missing in parcels of the night shift.",
            "Label sent by e-mail; warehouse checks each parcel now.",
        ),
    ],
    "ces": [
        (
            "No record of the first call, so the customer had to explain again.",
            "Called back, settled it, notes are now mandatory.",
        ),
        ("Queue on Monday mornings with two people only.", "Apologised; third colleague on Mondays from now on."),
    ],
}
