-- The row of one session changed: its record stops to count and is rebuilt, its generation kept.
-- KEYS  session record, tickets
local session = redis.call('GET', KEYS[1])
if session then
  local head, payload = string.match(session, '^([^\n]*)\n(.*)$')
  local header = cjson.decode(head)
  header.n = ''
  redis.call('SET', KEYS[1], cjson.encode(header) .. '\n' .. payload, 'KEEPTTL')
end
redis.call('DEL', KEYS[2])
return 1
