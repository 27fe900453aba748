-- Rebuild, second half (SESSION_PROTOCOL 3): write only while the ticket stands and no tombstone does.
-- KEYS  session record, principal record, tickets, tombstone
-- ARGV  epoch, nonce, session header, session payload, its life in ms, principal record, its life in ms
-- Many rebuilds may write one after the other: any change in between ended all their tickets.
-- A rotation that the record there knows, trusted or not, and PostgreSQL does not yet is kept: it was handed out.
if redis.call('EXISTS', KEYS[4]) == 1 or redis.call('HGET', KEYS[3], ARGV[2]) ~= ARGV[1] then
  return 0
end
local header = cjson.decode(ARGV[3])
local old = redis.call('GET', KEYS[1])
if old then
  local known = cjson.decode(string.match(old, '^[^\n]*'))
  if known.d == header.d and (known.g > header.g or known.g == header.g and known.r > header.r) then
    header.g, header.r = known.g, known.r
  end
end
redis.call('SET', KEYS[1], cjson.encode(header) .. '\n' .. ARGV[4], 'PX', ARGV[5])
redis.call('SET', KEYS[2], ARGV[6], 'PX', ARGV[7])
redis.call('HDEL', KEYS[3], ARGV[2])
return 1
