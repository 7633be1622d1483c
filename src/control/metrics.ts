import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/**
 * Prometheus metrics. What the engine counts lies in shared memory, so it is not counted a second
 * time here: a source lists the families at each scrape, and they are written out. The server's own
 * metrics and those of the process live in a registry of prom-client.
 */
export type MetricLabels = Readonly<Record<string, string>>
export type MetricSample = Readonly<{ labels: MetricLabels; value: number }>

export type HistogramSample = Readonly<{
  labels: MetricLabels
  /** Cumulative: `count` values were at most `le`. */
  buckets: readonly Readonly<{ le: number; count: number }>[]
  sum: number
  count: number
}>

export type MetricFamily = Readonly<{ name: string; help: string }> &
  (
    | Readonly<{ type: 'counter' | 'gauge'; samples: readonly MetricSample[] }>
    | Readonly<{ type: 'histogram'; samples: readonly HistogramSample[] }>
  )

/** Called once a scrape. */
export type MetricsSource = () => readonly MetricFamily[]

/** A histogram whose numbers were counted elsewhere. */
class ReadyHistogram extends Histogram {
  readonly #family: MetricFamily & { type: 'histogram' }

  constructor(family: MetricFamily & { type: 'histogram' }) {
    super({ name: family.name, help: family.help, registers: [] })
    this.#family = family
  }

  /** What the registry writes out. */
  async getForPromString() {
    const { name, help, samples } = this.#family
    const values = samples.flatMap((sample) => [
      ...sample.buckets.map(({ le, count }) => ({
        metricName: `${name}_bucket`,
        labels: { ...sample.labels, le },
        value: count,
      })),
      {
        metricName: `${name}_bucket`,
        labels: { ...sample.labels, le: '+Inf' },
        value: sample.count,
      },
      { metricName: `${name}_sum`, labels: sample.labels, value: sample.sum },
      { metricName: `${name}_count`, labels: sample.labels, value: sample.count },
    ])
    return { name, help, type: 'histogram', values, aggregator: 'sum' }
  }
}

export async function familiesText(families: readonly MetricFamily[]): Promise<string> {
  const registry = new Registry()
  for (const family of families) {
    if (family.samples.length === 0) continue
    if (family.type === 'histogram') registry.registerMetric(new ReadyHistogram(family))
    else registerValues(registry, family.type, family)
  }
  return registry.metrics()
}

function registerValues(
  registry: Registry,
  type: 'counter' | 'gauge',
  family: Readonly<{ name: string; help: string; samples: readonly MetricSample[] }>,
): void {
  const labelNames = [...new Set(family.samples.flatMap(({ labels }) => Object.keys(labels)))]
  const settings = { name: family.name, help: family.help, labelNames, registers: [registry] }
  if (type === 'gauge') {
    const gauge = new Gauge(settings)
    for (const { labels, value } of family.samples) gauge.set(labels, value)
    return
  }
  const counter = new Counter(settings)
  for (const { labels, value } of family.samples) counter.inc(labels, value)
}

const API_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]

/**
 * Metrics of the control server itself, and of the process: CPU, memory, event loop, garbage
 * collection.
 */
export class ServerMetrics {
  readonly #registry = new Registry()
  readonly #requests: Counter<'method' | 'route' | 'status'>
  readonly #seconds: Histogram<'method' | 'route'>

  constructor(evictedKeys: () => number) {
    const registers = [this.#registry]
    collectDefaultMetrics({ register: this.#registry })
    this.#requests = new Counter({
      name: 'http_requests_total',
      help: 'Requests to the control API',
      labelNames: ['method', 'route', 'status'],
      registers,
    })
    this.#seconds = new Histogram({
      name: 'api_response_time_seconds',
      help: 'Time to answer a request to the control API',
      labelNames: ['method', 'route'],
      buckets: API_SECONDS,
      registers,
    })
    new Gauge({
      name: 'bookflow_idempotency_keys_evicted',
      help: 'Idempotency keys forgotten before a day passed, because there were too many',
      registers,
      collect() {
        this.set(evictedKeys())
      },
    })
  }

  count(method: string, route: string, status: number, seconds: number): void {
    this.#requests.inc({ method, route, status })
    this.#seconds.observe({ method, route }, seconds)
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  async text(source: MetricsSource): Promise<string> {
    return `${await familiesText(source())}\n${await this.#registry.metrics()}`
  }
}
