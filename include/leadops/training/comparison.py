"""Whether one set of probabilities is better than another beyond noise, on the same leads."""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from leadops.training.measures import auc, log_losses
from leadops.training.training_settings import ComparisonSettings


@dataclass(frozen=True)
class ModelComparison:
    """The gain of the challenger: log loss of the champion minus its own, a lead on average."""

    champion_loss: float
    challenger_loss: float
    gain: float
    low: float  # of the interval of the gain
    high: float
    confidence: float
    champion_auc: float
    challenger_auc: float
    leads: int

    @property
    def is_better(self) -> bool:
        """Whether the whole interval lies above 0."""
        return self.low > 0

    def figures(self) -> dict[str, float | int]:
        """Return what is kept with the decision."""
        return asdict(self)

    def sentence(self) -> str:
        """Return the comparison in words."""
        return (
            f"log loss {self.challenger_loss:.4f} against {self.champion_loss:.4f}, gain {self.gain:+.4f}"
            f" ({self.confidence:.0%} interval {self.low:+.4f} to {self.high:+.4f}) on {self.leads} leads;"
            f" AUC {self.challenger_auc:.3f} against {self.champion_auc:.3f}"
        )


def compare_models(
    champion: NDArray[np.float64],
    challenger: NDArray[np.float64],
    reached: NDArray[np.int8],
    *,
    settings: ComparisonSettings,
) -> ModelComparison:
    """Compare two models' probabilities of the same leads by a paired bootstrap of the log losses.

    Leads are drawn with replacement, and with each both of its losses (Efron and Tibshirani 1993, ch. 13:
    percentile interval), so that what is hard for both cancels out.
    """
    before, after = log_losses(champion, reached), log_losses(challenger, reached)
    gains = before - after
    drawn = np.random.default_rng(settings.seed)
    means = np.array(
        [
            gains[drawn.integers(0, len(gains), len(gains), dtype=np.int32)].mean()
            for _ in range(settings.resamples)
        ]
    )
    tail = (1 - settings.confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return ModelComparison(
        champion_loss=float(before.mean()),
        challenger_loss=float(after.mean()),
        gain=float(gains.mean()),
        low=float(low),
        high=float(high),
        confidence=settings.confidence,
        champion_auc=auc(champion, reached),
        challenger_auc=auc(challenger, reached),
        leads=len(reached),
    )
