"""The events that are acts through mails, as mail services report them."""

#: Deliveries are evidence about the other acts only.
MAIL_EVENTS = ("mail_open", "mail_click", "unsubscribe", "mail_delivered")
