-- One more attempt at a pending sign-in, counted before the code is verified. The first two characters are the count.
-- One too many is refused and leaves it there: of several at once an earlier one may be right, and about to take it.
-- KEYS  pending sign-in    ARGV  most attempts
local value = redis.call('GET', KEYS[1])
if not value then
  return 0
end
local count = tonumber(string.sub(value, 1, 2)) + 1
if count > tonumber(ARGV[1]) then
  return 0
end
redis.call('SET', KEYS[1], string.format('%02d', count) .. string.sub(value, 3), 'KEEPTTL')
return 1
