-- Asks for paths in turn, and tells as JSON how soon they were answered.
local paths, at = {}, 0
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(arguments)
  failed, shown = 0, ""
  for index = 1, #arguments do
    paths[index] = arguments[index]
  end
end

-- As every browser does.
wrk.headers["Accept-Encoding"] = "gzip"

function request()
  at = at % #paths + 1
  return wrk.format("GET", paths[at])
end

function response(status)
  if status ~= 200 then
    failed, shown = failed + 1, tostring(status)
  end
end

function done(summary, latency)
  local failed, shown = 0, ""
  for _, thread in ipairs(threads) do
    failed = failed + thread:get("failed")
    shown = shown .. thread:get("shown")
  end
  local errors = summary.errors
  local lost = errors.connect + errors.read + errors.write + errors.timeout
  local line = '{"p50": %.1f, "p95": %.1f, "p99": %.1f, "rate": %.1f, "answers": %d, "failed": %d, "status": "%s"}\n'
  io.write(line:format(
    latency:percentile(50) / 1000,
    latency:percentile(95) / 1000,
    latency:percentile(99) / 1000,
    summary.requests / summary.duration * 1e6,
    summary.requests, failed + lost, shown
  ))
end
