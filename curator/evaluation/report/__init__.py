"""A run or a cross-validation as one HTML file to hand on: no scripts, no network, for screen, reader and print."""

from curator.evaluation.report.write import ReportWritten, write_report

__all__ = ["ReportWritten", "write_report"]
