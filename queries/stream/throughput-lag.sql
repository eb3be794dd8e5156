-- title: Throughput and consumer lag
-- description: Messages produced and consumed a second and the lag of each consumer group and topic, over a long
-- description: window and in the worst short window within it: a lag that is high in the short window only is a
-- description: blip, one that is high over the long window is sustained.
-- param: long = 1h duration "the long window, one row each"
-- param: short = 5m duration "the short window, several scrape intervals"
-- param: topic = .* regex "which topics"
-- param: produced = .*(messages_?in|produced|published|appended|record_send|log_end_offset|topic_partition_current_offset)(_total)? regex "counters of messages written to a topic"
-- param: consumed = .*(messages_consumed|records_consumed|consumer_?group_current_offset)(_total)? regex "counters of messages read by a group"
-- param: lag = .*(consumer|group).*lag regex "gauges of messages not yet read"
-- param: factor = 3 number "how many times the usual lag is high"
-- param: least = 10 number "messages below which a lag is never high"
-- needs: samples, series
-- chart: line x=ts y=lag_short,lag_long series=name
-- column: produced unit=1/s
-- column: consumed unit=1/s
-- column: lag_long unit=messages
-- column: lag_short unit=messages
-- column: usual_lag unit=messages
-- column: delay unit=s

WITH
picked AS (
  SELECT series_id, coalesce(labels['group'], labels['consumergroup'], labels['consumer_group'], labels['group_id'],
      labels['client_id']) AS consumer_group, labels['topic'] AS topic,
    CASE WHEN metric ~ $lag THEN 'lag' WHEN metric ~ $consumed THEN 'consumed' ELSE 'produced' END AS role
  FROM series
  WHERE labels['topic'] ~ $topic AND (metric ~ $lag OR metric ~ $consumed OR metric ~ $produced)
),
-- Partitions are series of their own: each by itself first, summed after.
by_series AS (
  SELECT s.series_id, time_bucket($short, s.ts) AS ts, rate(s.ts, s.value) AS rate,
    avg(s.value) FILTER (WHERE NOT isnan(s.value)) AS level
  FROM (SELECT series_id FROM picked) AS p JOIN samples AS s ON s.series_id = p.series_id
  WHERE s.ts >= $since AND s.ts < $until
  GROUP BY 1, 2
),
short AS (
  SELECT p.topic, p.consumer_group, p.role, b.ts,
    -- Rounded, since floats are not summed in the same order each time.
    round(sum(CASE WHEN p.role = 'lag' THEN b.level ELSE b.rate END), 12) AS reading
  FROM picked AS p JOIN by_series AS b ON b.series_id = p.series_id
  GROUP BY p.topic, p.consumer_group, p.role, b.ts
),
long AS (
  SELECT topic, consumer_group, role, time_bucket($long, ts) AS ts, round(avg(reading), 9) AS mean, max(reading) AS peak
  FROM short WHERE reading IS NOT NULL
  GROUP BY 1, 2, 3, 4
),
groups AS (
  SELECT l.ts, l.topic, l.consumer_group, l.mean AS lag_long, l.peak AS lag_short, c.mean AS consumed, p.mean AS produced,
    percentile(l.mean, 0.5) OVER (PARTITION BY l.topic, l.consumer_group) AS usual_lag
  FROM long AS l
  LEFT JOIN long AS c ON c.role = 'consumed' AND c.topic = l.topic AND c.ts = l.ts
    AND coalesce(c.consumer_group, '') = coalesce(l.consumer_group, '')
  LEFT JOIN (SELECT topic, ts, round(sum(mean), 9) AS mean FROM long WHERE role = 'produced' GROUP BY topic, ts) AS p
    ON p.topic = l.topic AND p.ts = l.ts
  WHERE l.role = 'lag'
)
SELECT ts, concat_ws('/', consumer_group, topic) AS name, produced, consumed, lag_long, lag_short, usual_lag,
  -- Little's law: how long a message waits, at the rate at which they are read.
  round(lag_long / nullif(consumed, 0), 6) AS delay,
  CASE
    WHEN lag_long > greatest($factor * usual_lag, $least) THEN 'sustained'
    WHEN lag_short > greatest($factor * usual_lag, $least) THEN 'blip'
    ELSE 'usual'
  END AS verdict
FROM groups
ORDER BY ts, name
