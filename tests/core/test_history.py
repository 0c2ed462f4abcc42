"""The history: any page of it, found by person, status, time or text."""

from jupyter_sessions import api, model


def test_words_are_found_by_their_beginning_in_source_and_output(house):
    session = house.new()
    house.record(session.code, "import pandas")
    house.record(session.code, "weather.mean()", text="temperature 11.4")
    found = house.call(
        "root", api.LIST_COMMANDS, model.ListCommands(code=session.code, search="temp wea")
    )
    assert [command.number for command in found.items] == [2]
