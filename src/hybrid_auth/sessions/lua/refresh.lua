-- Refresh (SESSION_PROTOCOL 4): the one step that decides.
-- KEYS  session record, principal record, tickets, tombstone
-- ARGV  epoch, generation, salt digest, transport, now, grace, idle life, tombstone life (times in ms)
-- Returns {verdict, session record, principal record}; verdicts: rotated same reused dead miss expired foreign
if redis.call('EXISTS', KEYS[4]) == 1 then return {'dead'} end
local session, principal = redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2])
if not session or not principal then return {'miss'} end
local head, payload = string.match(session, '^([^\n]*)\n(.*)$')
local header, person = cjson.decode(head), cjson.decode(string.match(principal, '^[^\n]*'))
if header.n ~= ARGV[1] or person.n ~= ARGV[1] or header.u ~= person.u then return {'miss'} end
local now, generation = tonumber(ARGV[5]), tonumber(ARGV[2])
if now >= header.x or now >= header.r + tonumber(ARGV[7]) then return {'expired'} end
if header.d ~= ARGV[3] or header.t ~= ARGV[4] then return {'foreign'} end
if generation >= header.g then
  -- A higher one than ours was signed by this service: the record lags behind what was handed out.
  header.g, header.r = generation + 1, now
  session = cjson.encode(header) .. '\n' .. payload
  redis.call('SET', KEYS[1], session, 'PX', math.min(header.x - now, tonumber(ARGV[7])))
  return {'rotated', session, principal}
end
if generation == header.g - 1 and now - header.r <= tonumber(ARGV[6]) then
  return {'same', session, principal}
end
redis.call('DEL', KEYS[1])
redis.call('DEL', KEYS[3])
redis.call('SET', KEYS[4], 'reused', 'PX', ARGV[8])
return {'reused'}
