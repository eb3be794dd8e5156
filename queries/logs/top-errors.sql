-- title: Top errors by type
-- description: Log records of an error by type, with their share, course, services and an example; messages that
-- description: differ only in numbers and identifiers are one type where the log names none.
-- param: severity = ERROR|FATAL regex "which severities"
-- param: service = .* regex "which services"
-- param: bucket = 1h duration "step of the course"
-- param: top = 20 integer "how many types"
-- needs: logs
-- chart: bar x=type y=records
-- column: share unit=ratio
-- column: course sparkline

WITH
errors AS (
  SELECT ts, coalesce(service, '-') AS service, severity, body,
    coalesce(
      attributes['error_type'], attributes['error.type'], attributes['exception.type'], attributes['exception'],
      attributes['error_code'], attributes['error.code'],
      -- No type: the message without what makes each one different.
      regexp_replace(regexp_replace(body,
        '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{12,}', '#', 'g'), '[0-9]+', '#', 'g'),
      '-'
    ) AS type
  FROM logs
  WHERE ts >= $since AND ts < $until AND severity ~ $severity AND coalesce(service, '-') ~ $service
),
-- Every type has the same steps, so that courses can be compared.
steps AS (SELECT DISTINCT time_bucket($bucket, ts) AS at FROM errors),
types AS (
  SELECT type, count(*) AS records, min(ts) AS first_at, max(ts) AS last_at,
    array_to_string(array_agg(DISTINCT service ORDER BY service), ', ') AS services,
    first_value(body ORDER BY ts DESC, body) AS last_message
  FROM errors GROUP BY type
),
counts AS (
  SELECT t.type, s.at, coalesce(c.records, 0) AS records
  FROM types AS t CROSS JOIN steps AS s
  LEFT JOIN (SELECT type, time_bucket($bucket, ts) AS at, count(*) AS records FROM errors GROUP BY 1, 2) AS c
    ON c.type = t.type AND c.at = s.at
),
courses AS (SELECT type, array_agg(records ORDER BY at) AS course FROM counts GROUP BY type)
SELECT t.type, t.records, CAST(t.records AS double) / sum(t.records) OVER () AS share, c.course,
  t.services, t.first_at, t.last_at, t.last_message
FROM types AS t JOIN courses AS c ON c.type = t.type
ORDER BY t.records DESC, t.type
LIMIT $top
