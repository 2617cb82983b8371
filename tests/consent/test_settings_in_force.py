from tests.consent.conftest import ConsentWorld


def test_changed_settings_look_at_everybody_who_said_something_in_an_event(world: ConsentWorld) -> None:
    world.classify([world.say(1, {"email": True}), world.act("mail_open", 2, who="bob@buyer.example")])
    world.connection.execute("delete from consent.inbox")
    assert world.follow() is False
    assert world.rows("select 1 from consent.inbox") == []
    assert world.follow(mail_purposes=["Post"]) is True
    assert world.rows("select lead_id, lane from consent.inbox") == [(world.lead(), 1)]
    assert world.rows("select mail_purposes from consent.settings") == [(["post"],)]
