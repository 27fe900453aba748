-- One more attempt, counted before anything is verified: of many at once no more get through than the count allows.
-- KEYS  failures in a row    ARGV  now in ms, attempts before the first wait, first wait in ms, longest wait in ms, life in ms
-- Returns how long to wait in ms; 0: go on.
local count, till = unpack(redis.call('HMGET', KEYS[1], 'count', 'till'))
local now, free, first, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
count, till = tonumber(count or 0), tonumber(till or 0)
if now < till then
  return till - now
end
count = count + 1
if count >= free then
  till = now + math.min(first * 2 ^ math.min(count - free, 30), longest)
end
redis.call('HSET', KEYS[1], 'count', count, 'till', string.format('%.0f', till))
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return 0
