"""The cards of the two maps."""

type Cell = str | tuple[str, int] | None
type StepCards = tuple[str, list[Cell]]
"""A step, then a cell for each lane in the order of journeys.LANES; a pain point is (text, severity)."""

WEB_SHOP_CARDS: list[StepCards] = [
    (
        "Finds the shop",
        [
            "Follows a friend's link or an ad, arrives on the start page",
            "Social, search, word of mouth",
            "“Never heard of them. Do they know mountains or only marketing?”",
            None,
            "Show who is behind the shop: people, repair bench, store",
            "Marketing buys ads; the studio writes the guides",
            "Visitors by campaign",
        ],
    ),
    (
        "Looks around",
        [
            "Opens categories, filters by activity and price",
            "Category pages",
            "“Nice things. Which of the five boots is mine?”",
            ("Filters forget themselves when going back", 2),
            "Three questions that lead to three products",
            "Merchandising sorts categories once a week",
            "Share that goes on to a product",
        ],
    ),
    (
        "Looks at a product",
        [
            "Reads reviews, looks at pictures, compares two or three models",
            "Product page, review sites",
            "“Looks right. Will it fit?”",
            ("Reviews do not say what size the writer wears", 2),
            "Ask for height, weight and usual size with each review",
            "Photo studio, product data",
            "Product views a customer",
        ],
    ),
    (
        "Checks size and fit",
        [
            "Opens the size guide, measures a foot, goes back, asks in the chat",
            "Size guide, live chat, support line",
            "“I am between 42 and 43. If I get this wrong I have to send it all back.”",
            ("Size guide and product page name different sizes for the same foot", 5),
            "One guide in millimetres, and “fits smaller than usual” where returns say so",
            "Suppliers send size tables in four formats; nobody owns them",
            "Returns for size, questions on sizes",
        ],
    ),
    (
        "Fills the cart",
        [
            "Adds one or two sizes, looks at the total",
            "Cart",
            "“I will think about it until tonight.”",
            ("The cart is empty on the other device", 3),
            "Keep the cart with the customer, not with the browser",
            "Stock is reserved for 30 minutes",
            "Cart abandonment",
        ],
    ),
    (
        "Starts checkout",
        [
            "Enters the address, chooses delivery",
            "Checkout",
            "“Please not another form.”",
            ("House number in a field of its own is missed on small screens", 2),
            "Fill in the address from the postcode",
            "Addresses are checked by the carrier's service",
            "Checkouts started",
        ],
    ),
    (
        "Pays",
        [
            "Enters the card, presses “Pay now” and waits",
            "Payment page",
            "“Did it go through? Better not press again.”",
            ("On the phone the pay button does not respond", 5),
            "Say what happened, keep the cart, offer another way to pay",
            "Payment provider, one contract, no second way",
            "Payment success by device",
        ],
    ),
    (
        "Places the order",
        [
            "Reads the confirmation, forwards it to the family",
            "Order confirmation",
            "“Done. Friday would be perfect.”",
            None,
            "Say in the confirmation what to do when the size is wrong",
            "Order goes to the warehouse within 15 minutes",
            "Orders, average order value",
        ],
    ),
    (
        "Waits for the parcel",
        [
            "Follows the parcel, arranges to be at home",
            "Shipping notice, tracking page",
            "“Today? Tomorrow? Between 8 and 18?”",
            ("Two parcels for one order, one notice", 3),
            "One notice a day with a window of two hours",
            "Warehouse packs until 16:00, carrier collects at 17:00",
            "Days from order to door",
        ],
    ),
    (
        "Receives the parcel",
        [
            "Unpacks, tries on at once, walks up and down the stairs",
            "The parcel at the door",
            "“They fit! Or do they?”",
            ("Return label missing in some parcels", 3),
            "A card: how boots should sit, and how to exchange in two minutes",
            "Carrier drivers, neighbours, parcel stations",
            "Satisfaction with delivery",
        ],
    ),
    (
        "Lives with it",
        [
            "Walks, washes, waxes; sends back what does not fit",
            "Care guide, returns page, support line",
            "“Good boots want care. Where was that page?”",
            ("Refunds take up to three weeks", 4),
            "Refund as soon as the parcel is scanned",
            "Returns are checked by hand, twice a week",
            "Return rate, days to refund",
        ],
    ),
    (
        "Buys again",
        [
            "Comes back for the same model or the next season",
            "Web shop, newsletter",
            "“Same size as last time, please.”",
            ("The shop does not remember the size that fitted", 3),
            "“You wore 42.5 in this model”",
            "Model years change in March",
            "Repeat purchase rate",
        ],
    ),
    (
        "Recommends us",
        [
            "Tells colleagues, invites a friend, answers the survey",
            "Survey, word of mouth",
            "“You can wear mine on Saturday and see.”",
            None,
            "Lend a pair to a friend of a customer",
            "No budget line for it yet",
            "NPS",
        ],
    ),
]


STORE_CARDS: list[StepCards] = [
    (
        "Comes into the store",
        [
            "Looks, touches, holds the phone beside the shelf",
            "Berlin store",
            "“Online it looked green.”",
            ("Sizes shown online are not in the store", 3),
            "Reserve online, try on here",
            "Two people at the counter on weekdays",
            "Visits a day",
        ],
    ),
    (
        "Has the feet measured",
        [
            "Takes off the shoes, walks on the ramp",
            "Fitting corner",
            "“So that is why they always hurt.”",
            None,
            "Keep the measures with the customer, for the web shop too",
            "Four colleagues are trained, one a shift",
            "Fittings, and purchases after them",
        ],
    ),
    (
        "Buys at the till",
        [
            "Pays, leaves the old pair for resoling",
            "Store till",
            "“And socks, please.”",
            ("Club card has to be typed in", 2),
            "Receipt by e-mail instead of paper",
            "Till system from another century",
            "Revenue of the store",
        ],
    ),
    (
        "Calls the support line",
        [
            "Waits, explains, is called back",
            "Support line",
            "“Third time I spell my name.”",
            ("Calls are not seen by the chat team", 4),
            "One history for all who answer",
            "Three agents, 9 to 18",
            "Ease of help (CES)",
        ],
    ),
    (
        "Has something repaired",
        [
            "Brings it in, gets a slip with a date",
            "Berlin store",
            "“If it is ready before the holidays, I am happy.”",
            ("No message when it is ready", 3),
            "Text message on the day",
            "Cobbler in Leipzig, weekly van",
            "Days to repair",
        ],
    ),
]
