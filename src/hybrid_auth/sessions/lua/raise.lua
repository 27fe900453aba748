-- Confirm (SESSION_PROTOCOL 4): PostgreSQL holds this generation now; no older copy may come back after it.
-- KEYS  session record, tickets    ARGV  epoch, generation, rotated at in ms
-- Tickets end even where a record stands: a rebuild may be under way for want of the principal, and the record may be
-- evicted before it writes.
redis.call('DEL', KEYS[2])
local session = redis.call('GET', KEYS[1])
if not session then return 0 end
local head, payload = string.match(session, '^([^\n]*)\n(.*)$')
local header = cjson.decode(head)
if header.n ~= ARGV[1] then return 0 end
local generation = tonumber(ARGV[2])
if header.g < generation then
  header.g, header.r = generation, tonumber(ARGV[3])
  redis.call('SET', KEYS[1], cjson.encode(header) .. '\n' .. payload, 'KEEPTTL')
end
return 1
