-- Rebuild, first half (SESSION_PROTOCOL 3): look again, and if still nothing usable stands, take a ticket.
-- KEYS  session record, principal record, tickets    ARGV  epoch, nonce, ticket life in ms
-- Returns {session record, principal record} where both are usable, else nothing.
local function usable(record)
  if not record then return nil end
  local header = cjson.decode(string.match(record, '^[^\n]*'))
  return header.n == ARGV[1] and header or nil
end
local session, principal = redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2])
local s, p = usable(session), usable(principal)
if s and p and s.u == p.u then
  return {session, principal}
end
-- A rebuild that failed leaves its ticket behind, and each new one prolongs their life: they must not pile up.
if redis.call('HLEN', KEYS[3]) >= 500 then redis.call('DEL', KEYS[3]) end
redis.call('HSET', KEYS[3], ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[3], ARGV[3])
return false
