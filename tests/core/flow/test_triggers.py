"""What starts a flow: only the shape is checked here (SEMANTICS 46)."""

import pytest

ONE = "flow: a\nnodes: {a: {use: set, with: {value: 1}}}\n"


class TestRight:
    @pytest.mark.parametrize(
        "trigger",
        [
            "{http: {path: /}}",
            "{http: {method: POST, path: '/orders/{id}/lines/{line}', auth: none, respond: result, key: '${trigger.body.id}'}}",
            "{http: {path: /x, auth: {signature: github, secret: HOOK}}}",
            "{cron: '0 9 * * 1-5', timezone: Europe/Vienna, input: {day: '${trigger.time}'}}",
            "{cron: '*/5 0-6,22 1 JAN MON-FRI'}",
            "{event: {type: order.created, when: '${trigger.total > 100}'}}",
            "{event: {type: order.created, when: '${event.payload.total > 100}'}, input: {id: '${event.id}'}}",
            "{http: {path: '/orders/{id:int}/{rest:path}', method: GET}, input: {q: '${trigger.query.q}'}}",
            "{http: {path: /x, auth: {signature: hmac, secret: [NEW, OLD], header: X-Sum}}}",
            "{cron: '*/10 * * * * *', missed: skip}",
            "{cron: '0 9 LW * 5#2'}",
            "{cron: '0 9 L * *'}",
        ],
    )
    def test_every_kind(self, flow, trigger):
        assert len(flow(f"{ONE}triggers: [{trigger}]").triggers) == 1

    def test_one_object_may_hold_one_of_each(self, flow):
        found = flow(f"{ONE}triggers: {{http: {{path: /x}}, cron: '0 9 * * *', timezone: UTC}}").triggers

        assert [list(each) for each in found] == [["http"], ["cron", "timezone"]]

    def test_two_methods_of_one_path_are_two_routes(self, flow):
        found = flow(f"{ONE}triggers: [{{http: {{path: /x, method: GET}}}}, {{http: {{path: /x}}}}]")

        assert len(found.triggers) == 2


class TestWrong:
    @pytest.mark.parametrize(
        ("trigger", "path"),
        [
            ("5", "triggers[0]"),
            ("{}", "triggers[0]"),
            ("{http: {path: /x}, cron: '* * * * *'}", "triggers[0]"),
            ("{htp: {path: /x}}", "triggers[0]"),
            ("{http: /x}", "triggers[0].http"),
            ("{http: {}}", "triggers[0].http"),
            ("{http: {path: x}}", "triggers[0].http.path"),
            ("{http: {path: /a//b}}", "triggers[0].http.path"),
            ("{http: {path: '/{id}/{id}'}}", "triggers[0].http.path"),
            ("{http: {path: '/{a b}'}}", "triggers[0].http.path"),
            ("{http: {path: /a/../b}}", "triggers[0].http.path"),
            ("{http: {path: '/{id:float}'}}", "triggers[0].http.path"),
            ("{http: {path: '/{rest:path}/x'}}", "triggers[0].http.path"),
            ("{http: {path: /x/}}", "triggers[0].http.path"),
            ("{http: {path: /x, method: FETCH}}", "triggers[0].http.method"),
            ("{http: {path: /x, method: HEAD}}", "triggers[0].http.method"),
            ("{http: {path: /x, auth: {signature: hmac, secret: []}}}", "triggers[0].http.auth.secret"),
            ("{http: {path: /x, auth: {signature: hmac, secret: [A, 5]}}}", "triggers[0].http.auth.secret"),
            ("{http: {path: /x, auth: {signature: hmac, secret: ''}}}", "triggers[0].http.auth.secret"),
            ("{http: {path: /x, auth: {signature: hmac, secret: '${vars.S}'}}}", "triggers[0].http.auth.secret"),
            ("{http: {path: /x, auth: {signature: github, secret: S, header: X}}}", "triggers[0].http.auth.header"),
            ("{http: {path: /x, auth: {signature: hmac, secret: S, header: 'X Y'}}}", "triggers[0].http.auth.header"),
            ("{http: {path: /x}, input: {q: '${event.id}'}}", "triggers[0].input.q"),
            ("{http: {path: /x, auth: open}}", "triggers[0].http.auth"),
            ("{http: {path: /x, auth: {signature: md5, secret: S}}}", "triggers[0].http.auth.signature"),
            ("{http: {path: /x, auth: {signature: hmac}}}", "triggers[0].http.auth"),
            ("{http: {path: /x, respond: later}}", "triggers[0].http.respond"),
            ("{http: {path: /x, key: '${a}'}}", "triggers[0].http.key"),
            ("{cron: daily}", "triggers[0].cron"),
            ("{cron: '60 * * * *'}", "triggers[0].cron"),
            ("{cron: '5-1 * * * *'}", "triggers[0].cron"),
            ("{cron: '*/0 * * * *'}", "triggers[0].cron"),
            ("{cron: '* * * * * * *'}", "triggers[0].cron"),
            ("{cron: '0 0 32 * *'}", "triggers[0].cron"),
            ("{cron: '0 0 * * L'}", "triggers[0].cron"),
            ("{cron: '0 0 31 2 *'}", "triggers[0].cron"),
            ("{cron: '* * * * *', missed: twice}", "triggers[0].missed"),
            ("{cron: '* * * * *', timezone: Europe/Wien}", "triggers[0].timezone"),
            ("{cron: '* * * * *', timezone: Europe}", "triggers[0].timezone"),
            ("{cron: '* * * * *', timezone: '+01:00'}", "triggers[0].timezone"),
            ("{cron: '* * * * *', zone: UTC}", "triggers[0].zone"),
            ("{event: {}}", "triggers[0].event"),
            ("{event: {type: 'a b'}}", "triggers[0].event.type"),
            ("{event: {type: a, when: total > 5}}", "triggers[0].event.when"),
            ("{event: {type: a}, input: 5}", "triggers[0].input"),
        ],
    )
    def test_a_wrong_trigger(self, problems, trigger, path):
        found = problems(f"{ONE}triggers: [{trigger}]")

        assert path in {each.path for each in found}

    def test_one_route_twice_in_a_flow(self, problem):
        found = problem(
            f"{ONE}triggers: [{{http: {{path: '/a/{{x}}'}}}}, {{http: {{path: '/a/{{y}}', method: POST}}}}]"
        )

        assert (found.code, found.path) == ("duplicate", "triggers[1].http.path")

    def test_a_zone_that_is_nearly_right_is_guessed(self, problem):
        found = problem(f"{ONE}triggers: [{{cron: '* * * * *', timezone: Europe/Viena}}]")

        assert found.hint == "did you mean `Europe/Vienna`?"
