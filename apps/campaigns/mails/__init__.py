"""How messages are written: the parts of a message as people edit them become, once a version of a step, a frame of
compiled templates; each recipient only fills the small pieces in it.

choosing  which tone and language somebody gets        tokens    Liquid hidden while mark-up is worked on
blocks    what the block editor edits, as MJML         markup    the tiny mark-up of texts
framing   the brand frame, MJML to clean HTML          links     tracking and campaign names on links
preparing the frame of a message                       values    what Liquid may say, read only if it is said
checking  what is looked at before something is sent   sms       parts of a text message
"""
