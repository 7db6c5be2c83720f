"""The page to play on: draw what is asked, read against the network, and see what the class has played."""

from webapp.components.kept import linked_choice
from webapp.frame.page_title import page_title
from webapp.i18n import gettext as _
from webapp.pages.play.class_view import class_view
from webapp.pages.play.draw_game import draw_game
from webapp.pages.play.duel import duel
from webapp.pages.play.teacher import teacher

page_title(_("Test yourself"), _("Can the network read you? And do you read better than it?"))
games = {"draw": _("Draw it"), "duel": _("Beat the network"), "class": _("The class")}
game = linked_choice(_("Games"), "play_open", games, "game")
if game == "draw":
    draw_game()
elif game == "duel":
    duel()
else:
    teacher()
    class_view()  # last: what a poll breaks off here, the next one brings
