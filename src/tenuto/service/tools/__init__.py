"""What agents may call: a source for each kind of name (`node:`, `flow:`, `agent:`, `http:`, `mcp:`), and the router over them."""
