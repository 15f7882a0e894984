"""`/metrics` as Prometheus reads it: put together when it asks, from what was counted along the way."""

import time
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any, Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector, CollectorRegistry

from tenuto import __version__
from tenuto.service import http_counts, run_figures
from tenuto.service.platform import Platform

STATUSES: Final = ("queued", "running", "waiting")


class Figures(Collector):
    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._begun = time.monotonic()

    def collect(self) -> Iterator[Metric]:
        yield _gauge("tenuto_info", "The version that runs.", {(__version__,): 1}, ["version"])
        yield from self._runs()
        yield from self._engine()
        yield from self._journal()
        yield from self._http()
        yield from self._process()

    def _runs(self) -> Iterator[Metric]:
        figures = self._platform.figures
        now = figures.by_status()
        yield _gauge("tenuto_runs", "Runs that have not ended.", {(s,): now[s] for s in STATUSES}, ["status"])
        ended = {(status,): count for status, count in figures.ended.copy().items()}
        yield _counter("tenuto_runs_ended", "Runs that have ended.", ended, ["status"])
        yield _spread("tenuto_run_duration_seconds", "From the start of a run to its end.", figures.runs, "status")
        yield _spread("tenuto_node_duration_seconds", "One attempt of a node.", figures.nodes, "outcome")
        facts = figures.facts.copy()
        yield _counter("tenuto_facts", "Facts recorded.", {(kind,): count for kind, count in facts.items()}, ["type"])
        yield _counter("tenuto_steps", "Steps recorded within nodes.", {(): facts["step.recorded"]})
        yield _counter(
            "tenuto_node_retries", "Attempts that failed and were tried again.", {(): facts["node.retrying"]}
        )

    def _engine(self) -> Iterator[Metric]:
        load = self._platform.busy.load()
        yield _gauge("tenuto_runs_resident", "Runs in memory.", {(): load.resident})
        yield _gauge("tenuto_runs_at_work", "Runs with something in flight.", {(): load.at_work})
        yield _gauge("tenuto_runs_in_queue", "Runs that wait for their turn to begin.", {(): load.queued})
        yield _gauge("tenuto_nodes_running", "Nodes that run, or wait for their pool.", {(): load.attempts})
        yield _gauge("tenuto_threads", "Threads that plain `def` nodes may use.", {(): load.threads})
        yield _gauge(
            "tenuto_threads_busy", "Plain `def` nodes that run, or wait for a thread.", {(): load.threads_busy}
        )
        yield _gauge("tenuto_timers", "Times that are waited for.", {(): load.timers})

    def _journal(self) -> Iterator[Metric]:
        commits = self._platform.commits
        yield _counter("tenuto_journal_commits", "Syncs of the journal.", {(): commits.count})
        yield _counter("tenuto_journal_writes", "Writes that those made durable.", {(): commits.writes})
        yield _counter("tenuto_journal_facts", "Facts in those writes.", {(): commits.facts})
        yield _gauge("tenuto_journal_largest_commit", "Most writes that shared a commit.", {(): commits.largest})

    def _http(self) -> Iterator[Metric]:
        tallies = dict(self._platform.http_counts.tallies)
        yield _histogram(
            "tenuto_http_request_duration_seconds",
            "Until the answer began, by the route's template.",
            {(method, route, str(status)): tally for (method, route, status), tally in tallies.items()},
            ["method", "route", "status"],
            http_counts.BOUNDS,
        )
        refused = sum(sum(tally.buckets) for (_, _, status), tally in tallies.items() if status == 429)
        yield _counter("tenuto_rate_limited", "Requests refused for coming too often.", {(): refused})

    def _process(self) -> Iterator[Metric]:
        telemetry = self._platform.telemetry
        yield _gauge("tenuto_event_loop_lag_seconds", "How late the event loop was, of late.", {(): telemetry.lag})
        yield _counter("tenuto_telemetry_dropped", "Turns of runs that no figure counts.", {(): telemetry.dropped})
        yield _gauge("tenuto_uptime_seconds", "Since the figures began.", {(): time.monotonic() - self._begun})


def text_of(platform: Platform) -> bytes:
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(Figures(platform))
    return generate_latest(registry)


Values = Mapping[tuple[str, ...], float]


def _gauge(name: str, text: str, values: Values, labels: list[str] | None = None) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for names, value in values.items():
        family.add_metric(names, value)
    return family


def _counter(name: str, text: str, values: Values, labels: list[str] | None = None) -> Metric:
    family = CounterMetricFamily(name, text, labels=labels)
    for names, value in values.items():
        family.add_metric(names, value)
    return family


def _spread(name: str, text: str, spreads: Mapping[str, run_figures.Spread], label: str) -> Metric:
    values = {(named,): spread for named, spread in dict(spreads).items()}
    return _histogram(name, text, values, [label], run_figures.BOUNDS)


def _histogram(
    name: str, text: str, values: Mapping[tuple[str, ...], Any], labels: list[str], bounds: tuple[float, ...]
) -> Metric:
    """Prometheus wants each bucket to hold those before it too."""
    family = HistogramMetricFamily(name, text, labels=labels)
    for names, value in values.items():
        counts = accumulate(value.buckets)
        ends = [*(f"{bound:g}" for bound in bounds), "+Inf"]
        family.add_metric(names, buckets=list(zip(ends, counts, strict=True)), sum_value=value.seconds)
    return family
