-- title: USE by resource
-- description: Utilisation, saturation and errors of each resource: how full it was on average and in its worst
-- description: bucket, how much work waited for it, and what failed. Fullest first.
-- param: resource = .* regex "which kinds: cpu, memory, disk, network, pool, task, buffer, gc, queue, calls"
-- param: target = .* regex "which services, jobs or instances"
-- param: bucket = 1h duration "step of the worst bucket and of the course; several scrape intervals"
-- param: cores = 1 number "cores of a process or container: its CPU is full at this many"
-- needs: samples, series
-- chart: bar x=name y=peak unit=ratio
-- column: utilisation unit=ratio
-- column: peak unit=ratio
-- column: course sparkline
-- column: errors unit=1/s

WITH
-- What each metric tells of which resource; the first rule that fits counts. A
-- rule of your own is a line here. aspect: U utilisation, S saturation, E errors;
-- reading: value, rate (of a counter, a second), used or idle (a share of `whole`,
-- the metric of the resource's size; used + rest where the other part is given).
rules (n, resource, aspect, reading, factor, pattern, whole) AS (VALUES
  (1, 'cpu', 'U', 'idle rate', 1.0, 'node_cpu_seconds_total', NULL),
  (2, 'cpu', 'U', 'cores', 1.0, '(process|container)_cpu_(usage_)?seconds_total', NULL),
  (3, 'cpu', 'U', 'value', 1.0, '.*cpu.*(utili[sz]ation|usage_ratio)', NULL),
  (4, 'cpu', 'S', 'value', 1.0, 'node_load1', NULL),
  (5, 'cpu', 'S', 'rate', 1.0, '.*cpu.*throttled_seconds_total', NULL),
  (6, 'gc', 'U', 'rate', 1.0, '(jvm_gc_collection_seconds_sum|jvm_gc_pause_seconds_sum|go_gc_duration_seconds_sum)', NULL),
  (7, 'memory', 'U', 'idle', 1.0, '(.*_MemAvailable)(_bytes)', '\1_bytes'),
  (8, 'memory', 'U', 'used', 1.0, '(jvm_memory_)(?:bytes_)?used(_bytes)?', '\1max\2'),
  (9, 'memory', 'U', 'used', 1.0, '(container_)memory_working_set_bytes', '\1spec_memory_limit_bytes'),
  (10, 'memory', 'U', 'used', 1.0, '(redis_memory_)used_bytes', '\1max_bytes'),
  (11, 'memory', 'S', 'rate', 1.0, 'node_vmstat_(pgmajfault|pswpout|oom_kill)', NULL),
  (12, 'disk', 'U', 'idle', 1.0, '(node_filesystem_)avail(_bytes)', '\1size\2'),
  -- Here the capacity is what is free.
  (13, 'disk', 'U', 'idle', 1.0, '(.*_capacity_)bytes', '\1total_bytes'),
  (14, 'disk', 'U', 'value', 1.0, '.*(capacity|disk|volume|storage)_(utili[sz]ation|usage_ratio)', NULL),
  (15, 'disk', 'U', 'rate', 1.0, 'node_disk_io_time_seconds_total', NULL),
  (16, 'disk', 'S', 'rate', 1.0, 'node_disk_io_time_weighted_seconds_total', NULL),
  (17, 'network', 'S', 'rate', 1.0, 'node_network_(receive|transmit)_drop_total', NULL),
  (18, 'network', 'E', 'rate', 1.0, 'node_network_(receive|transmit)_errs_total', NULL),
  (19, 'pool', 'U', 'used', 1.0, '(.*)_(?:active|in_use|used)', '\1_max'),
  (20, 'pool', 'S', 'value', 1.0, '.*(pool|connections)_(pending|waiting|queued?)', NULL),
  (21, 'task', 'U', 'value', 0.001, '.*_busyTimeMsPerSecond', NULL),
  (22, 'task', 'S', 'value', 0.001, '.*_backPressuredTimeMsPerSecond', NULL),
  (23, 'buffer', 'U', 'value', 1.0, '.*(inPoolUsage|buffers?_(utili[sz]ation|usage(_ratio)?))', NULL),
  (24, 'queue', 'S', 'value', 1.0, '.*(queue_(depth|length|size)|[_.]lag)', NULL),
  (25, 'calls', 'E', 'rate', 1.0, '.*rate_limit(ed|_exceeded)?_total', NULL),
  (26, 'calls', 'E', 'rate', 1.0, '.*_(errors|failures)_total', NULL)
),
-- Where a metric is about: who, then which part of it.
named AS (
  SELECT series_id, metric, labels['mode'] AS mode,
    concat_ws('/', coalesce(labels['service'], labels['service_name'], labels['app'], labels['job'], '-'),
      labels['stage'], labels['backend'], labels['group'], labels['topic'], labels['device'],
      labels['mountpoint'], labels['pool'], labels['area']) AS part,
    coalesce(labels['instance'], labels['pod'], labels['host'], '') AS instance
  FROM series
),
matched AS (
  SELECT *, first_value(n) OVER (PARTITION BY series_id ORDER BY n) AS first_rule
  FROM (
    SELECT m.*, r.n, r.resource, r.aspect, r.reading, r.factor,
      CASE WHEN r.whole IS NOT NULL THEN
        regexp_replace(m.metric, concat('^(?:', r.pattern, ')$'), r.whole) END AS whole
    FROM named AS m CROSS JOIN rules AS r
    WHERE m.metric ~ concat('^(?:', r.pattern, ')$')
  )
  -- A share needs its whole.
  WHERE whole IS NULL OR whole IN (SELECT metric FROM series)
),
parts AS (
  SELECT series_id, metric, mode, part, instance, resource, aspect, reading, factor, whole FROM matched
  WHERE n = first_rule AND resource ~ $resource AND (part ~ $target OR instance ~ $target)
),
picked AS (
  SELECT * FROM parts
  UNION ALL
  -- The wholes, under the name of what they are the whole of.
  SELECT m.series_id, p.metric, m.mode, m.part, m.instance, p.resource, p.aspect, 'whole', p.factor, p.whole
  FROM (SELECT DISTINCT metric, whole, resource, aspect, factor FROM parts WHERE whole IS NOT NULL) AS p
  JOIN named AS m ON m.metric = p.whole
  WHERE m.part ~ $target OR m.instance ~ $target
),
by_series AS (
  SELECT s.series_id, time_bucket($bucket, s.ts) AS ts, rate(s.ts, s.value) AS rate,
    avg(s.value) FILTER (WHERE NOT isnan(s.value)) AS level
  FROM (SELECT DISTINCT series_id FROM picked) AS p JOIN samples AS s ON s.series_id = p.series_id
  WHERE s.ts >= $since AND s.ts < $until
  GROUP BY 1, 2
),
-- One reading a metric, place and bucket.
readings AS (
  SELECT p.resource, p.part, p.instance, p.aspect, p.metric, b.ts,
    -- Rounded, since floats are not summed in the same order each time.
    round(p.factor * CASE p.reading
      WHEN 'value' THEN max(b.level)
      WHEN 'rate' THEN sum(b.rate)
      WHEN 'cores' THEN sum(b.rate) / $cores
      -- Of all modes' seconds the share that was not idle.
      WHEN 'idle rate' THEN 1 - sum(b.rate) FILTER (WHERE p.mode = 'idle') / nullif(sum(b.rate), 0)
      WHEN 'used' THEN sum(b.level) / nullif(max(w.level), 0)
      WHEN 'idle' THEN 1 - sum(b.level) / nullif(max(w.level), 0)
    END, 12) AS reading
  FROM picked AS p JOIN by_series AS b ON b.series_id = p.series_id
  LEFT JOIN (
    SELECT p.metric, p.part, p.instance, b.ts, sum(b.level) AS level
    FROM picked AS p JOIN by_series AS b ON b.series_id = p.series_id
    WHERE p.reading = 'whole' GROUP BY p.metric, p.part, p.instance, b.ts
  ) AS w ON w.metric = p.metric AND w.part = p.part AND w.instance = p.instance AND w.ts = b.ts
  WHERE p.reading <> 'whole'
  GROUP BY p.resource, p.part, p.instance, p.aspect, p.metric, p.reading, p.factor, b.ts
),
metrics AS (
  SELECT resource, part, instance, aspect, metric, round(avg(reading), 9) AS mean, max(reading) AS peak,
    array_agg(reading ORDER BY ts) AS course
  FROM readings WHERE reading IS NOT NULL
  GROUP BY resource, part, instance, aspect, metric
)
-- Of several metrics of one aspect the one with the highest peak speaks for it.
SELECT resource, concat_ws(' ', resource, part, nullif(instance, '')) AS name,
  first_value(mean ORDER BY peak DESC, metric) FILTER (WHERE aspect = 'U') AS utilisation,
  max(peak) FILTER (WHERE aspect = 'U') AS peak,
  first_value(course ORDER BY peak DESC, metric) FILTER (WHERE aspect = 'U') AS course,
  first_value(mean ORDER BY peak DESC, metric) FILTER (WHERE aspect = 'S') AS saturation,
  max(peak) FILTER (WHERE aspect = 'S') AS saturation_peak,
  round(sum(mean) FILTER (WHERE aspect = 'E'), 9) AS errors,
  array_to_string(array_agg(DISTINCT metric ORDER BY metric), ', ') AS metrics
FROM metrics
GROUP BY resource, part, instance
ORDER BY peak DESC NULLS LAST, saturation_peak DESC NULLS LAST, name
