"""Whether one set of probabilities is better than another beyond noise, on the same leads, and ranks them."""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from leadops.training.auc_interval import bound_auc, bound_auc_gain
from leadops.training.measures import auc, log_losses
from leadops.training.training_settings import ComparisonSettings

#: Probabilities that differ by no more than this are one probability: a millionth of the scale's range.
SAME = 1e-6


@dataclass(frozen=True)
class ModelComparison:
    """The gain of the challenger: log loss of the champion minus its own, a lead on average.

    All intervals are two-sided, at `confidence`.
    """

    champion_loss: float
    challenger_loss: float
    gain: float
    low: float  # of the interval of the gain
    high: float
    confidence: float
    champion_auc: float
    challenger_auc: float
    auc_low: float  # of the interval of the challenger's AUC
    auc_high: float
    auc_gain_high: float  # upper end of the interval of the challenger's AUC minus the champion's
    spread: float  # the challenger's highest probability minus its lowest
    leads: int

    @property
    def is_better(self) -> bool:
        """Whether the challenger may take effect."""
        return self.find_fault() is None

    def find_fault(self) -> str | None:
        """Return in words why the challenger may not take effect, or None.

        Log loss alone is not enough: where the rate of the goal moves, a model that cannot rank gains by
        meeting the new rate, and a challenger that ranks worse than the champion gains by it as well.
        """
        if self.spread <= SAME:
            return "it gives every lead the same probability"
        if self.low <= 0:
            return "the gain is not beyond noise"
        if self.auc_low <= 0.5:
            return "it does not rank the leads better than chance beyond noise"
        if self.auc_gain_high < 0:
            return "it ranks the leads worse"
        return None

    def figures(self) -> dict[str, float | int]:
        """Return what is kept with the decision."""
        return asdict(self)

    def sentence(self) -> str:
        """Return the comparison in words."""
        return (
            f"log loss {self.challenger_loss:.4f} against {self.champion_loss:.4f}, gain {self.gain:+.4f}"
            f" ({self.confidence:.0%} interval {self.low:+.4f} to {self.high:+.4f}) on {self.leads} leads;"
            f" AUC {self.challenger_auc:.3f} ({self.auc_low:.3f} to {self.auc_high:.3f})"
            f" against {self.champion_auc:.3f}"
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
    percentile interval), so that what is hard for both cancels out. The intervals of the AUC are DeLong's.
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
    area = bound_auc(challenger, reached, confidence=settings.confidence)
    area_gain = bound_auc_gain(champion, challenger, reached, confidence=settings.confidence)
    return ModelComparison(
        champion_loss=float(before.mean()),
        challenger_loss=float(after.mean()),
        gain=float(gains.mean()),
        low=float(low),
        high=float(high),
        confidence=settings.confidence,
        champion_auc=auc(champion, reached),
        challenger_auc=area.value,
        auc_low=area.low,
        auc_high=area.high,
        auc_gain_high=area_gain.high,
        spread=float(np.ptp(challenger)),
        leads=len(reached),
    )
