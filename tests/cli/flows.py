"""Small documents that the tests of the command line run, and a node that they name."""

HELLO = """
flow: hello
input:
  name: {type: string, default: world}
  times: {type: integer, default: 1, minimum: 1}
nodes:
  greeting:
    use: set
    with: {value: "Hello, ${input.name}!"}
output: ${greeting}
"""

ASK = """
flow: ask
nodes:
  plan:
    use: set
    with: {value: a plan}
  ok:
    use: approval
    with:
      question: Go on?
      show: ${plan}
      form: {type: object, properties: {pages: {type: integer, maximum: 9}}}
  done:
    use: set
    after: [ok.approved]
    with: {value: "${ok.comment ?? 'no word'}"}
  sorry:
    use: set
    after: [ok.rejected]
    with: {value: not done}
output: ${done ?? sorry}
"""

FAIL = """
flow: fail
nodes:
  first:
    use: set
    with: {value: 1}
  broken:
    use: debug.fail
    with: {message: "it is broken ${first}"}
"""

PAID = """
flow: paid
nodes:
  payment:
    use: wait
    with: {signal: paid}
  ship:
    use: set
    with: {value: "${payment.amount}"}
output: ${ship}
"""

CHAIN = """
flow: chain
input:
  x: {type: integer, default: 1}
nodes:
  one: {use: debug.echo, with: {value: "${input.x}"}}
  two: {use: debug.echo, with: {value: "${one + 1}"}}
  three: {use: debug.echo, with: {value: "${two + 1}"}}
output: ${three}
"""

SLOW = """
flow: slow
nodes:
  first: {use: set, with: {value: 1}}
  pause: {use: debug.sleep, after: [first], with: {seconds: 20}}
  last: {use: set, after: [pause], with: {value: "${first}"}}
output: ${last}
"""

CHATTY = """
from tenuto.sdk import Context, node

@node("chat.say")
async def say(to: str, *, ctx: Context) -> str:
    ctx.log("greeting", to=to, times=2)
    ctx.log("two lines")
    return to
"""
