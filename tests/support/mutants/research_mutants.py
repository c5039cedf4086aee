"""What could be wrong with research/, one thing at a time."""

from tests.support.mutants.mutant_tree import Mutant

_UNIT = "tests.unit.research"
_SHARPE = (f"{_UNIT}.test_sharpe_luck",)
_OVERFITTING = (f"{_UNIT}.test_overfitting",)
_TURNED = (f"{_UNIT}.test_turned_signals",)
_PERMUTED = "tests.integration.test_changed_runs.EntriesAtOtherTimes"
_TOLD = (
    f"{_UNIT}.test_studies.Searches.test_the_sampler_is_asked_by_batches_and_told_in_the_order_in_which_it_was_asked",
)
_TRIED = (f"{_UNIT}.test_studies.Truth.test_all_that_was_tried_on_the_candles_counts_once_by_studies_and_by_hand",)
_SHARED = (f"{_UNIT}.test_recommendations.KnownTruth.test_what_was_good_only_where_it_was_chosen_is_not_recommended",)
_RUN_AGAIN = (f"{_UNIT}.test_studies.Truth.test_a_trial_that_is_another_when_it_is_run_again_is_told",)
_MIXED = (f"{_UNIT}.test_studies.Truth.test_a_study_is_not_gone_on_with_where_it_would_be_mixed",)
_PATHS = (f"{_UNIT}.test_drawn_paths",)
_FOLDS = (f"{_UNIT}.test_fold_times.Folds",)
_GROUPS = (f"{_UNIT}.test_combinations",)
_VALIDATION = (f"{_UNIT}.test_cross_validation",)
_CLAIMS = (f"{_UNIT}.test_recommendations",)
_OBJECTIVES = (f"{_UNIT}.test_objectives",)

MUTANTS: tuple[Mutant, ...] = (
    # Samplers and studies.
    Mutant(
        "the sampler is told in another order than it asked",
        "research/studies/study_run.py",
        "in zip(asked.points, made, strict=True):",
        "in reversed(list(zip(asked.points, made, strict=True))):",
        _TOLD,
    ),
    Mutant(
        "what is not ranked is told as failed",
        "research/studies/told_values.py",
        "return self._worst",
        "return None",
        (f"{_UNIT}.test_samplers.Told",),
    ),
    Mutant(
        "random points of no seed",
        "research/samplers/sampler_choice.py",
        "return RandomSampler(space, seed)",
        "return RandomSampler(space, 0)",
        (f"{_UNIT}.test_samplers.Drawn.test_a_seed_gives_the_same_points_and_another_seed_others",),
    ),
    Mutant(
        "samplers that learn have no seed",
        "research/samplers/sampler_choice.py",
        "return LearningSampler(name, space, objectives, seed)",
        "return LearningSampler(name, space, objectives, 0)",
        (f"{_UNIT}.test_samplers.Drawn.test_a_seed_gives_the_same_points_and_another_seed_others",),
    ),
    Mutant(
        "a grid of one order",
        "research/samplers/sampler_choice.py",
        "return GridSampler(space, None if in_order else seed)",
        "return GridSampler(space, None if in_order else 0)",
        (f"{_UNIT}.test_samplers.Drawn.test_a_seed_gives_the_same_points_and_another_seed_others",),
    ),
    Mutant(
        "a minimum is sought as a maximum",
        "research/samplers/learning_sampler.py",
        '"minimise": StudyDirection.MINIMIZE',
        '"minimise": StudyDirection.MAXIMIZE',
        (f"{_UNIT}.test_samplers.Drawn",),
    ),
    Mutant(
        "known points are run again",
        "research/studies/study_run.py",
        "if known is None and one.fingerprint not in self._by_print and one.fingerprint not in coming:",
        "if known is None:",
        (f"{_UNIT}.test_studies.SameTrials.test_nothing_is_run_twice",),
    ),
    Mutant(
        "batches are as large as what is left",
        "research/studies/study_run.py",
        "wanted = min(batch, self._plan.total - len(self.trials))",
        "wanted = self._plan.total - len(self.trials)",
        _TOLD,
    ),
    Mutant(
        "the best are not compared",
        "research/studies/verification.py",
        "agrees=difference is None,",
        "agrees=True,",
        _RUN_AGAIN,
    ),
    Mutant(
        "the equity of the best is not compared",
        "research/studies/verification.py",
        "return None if equity == trial.daily_equity else",
        "return None if equity else",
        _RUN_AGAIN,
    ),
    Mutant(
        "a study goes on with other candles",
        "research/studies/search.py",
        '("candles of the window", row.data_sha256, hashes.data),',
        '("candles of the window", row.data_sha256, row.data_sha256),',
        _MIXED,
    ),
    Mutant(
        "a study goes on by other code",
        "research/studies/search.py",
        '("code of the program", row.code_version, hashes.code),',
        '("code of the program", row.code_version, row.code_version),',
        _MIXED,
    ),
    Mutant(
        "results are placed as they come",
        "research/executors/executor_pool.py",
        "yield self._answer(under_way.popleft())",
        "yield self._answer(under_way.pop())",
        (f"{_UNIT}.test_executors.Executors.test_all_make_the_same_trials_whatever_order_they_make_them_in",),
    ),
    Mutant(
        "a missing term counts as nothing",
        "research/objectives/composite.py",
        "total = None if total is None or scaled is None else total + one.weight * scaled",
        "total = (total or 0.0) + one.weight * (scaled or 0.0)",
        _OBJECTIVES,
    ),
    Mutant(
        "the front leaves out equals",
        "research/objectives/objective.py",
        "theirs != own and all(",
        "all(",
        _OBJECTIVES,
    ),
    # Folds.
    Mutant(
        "the purge is a candle short",
        "research/folds/fold_times.py",
        "return TimeRange(begins_ms, aside_end_ms - scheme.purge_ms)",
        "return TimeRange(begins_ms, aside_end_ms - max(0, scheme.purge_ms - 3_600_000))",
        _FOLDS,
    ),
    Mutant(
        "the embargo is not kept",
        "research/folds/fold_times.py",
        "aside_end_ms = test.start_ms - scheme.embargo_ms",
        "aside_end_ms = test.start_ms",
        _FOLDS,
    ),
    Mutant(
        "a search that is anchored goes along",
        "research/folds/fold_times.py",
        "begins_ms = start_ms if scheme.anchored else",
        "begins_ms = start_ms if False else",
        _FOLDS,
    ),
    Mutant(
        "tests begin a candle late",
        "research/folds/fold_times.py",
        "first_ms = start_ms + scheme.train_ms + scheme.embargo_ms",
        "first_ms = start_ms + scheme.train_ms + scheme.embargo_ms + candle_ms",
        _FOLDS,
    ),
    Mutant(
        "every test begins with the first balance",
        "research/folds/fold_run.py",
        "balance = self._plan.starting_balance if past is None else past.final_balance",
        "balance = self._plan.starting_balance",
        (f"{_UNIT}.test_walk_forward.Tests.test_each_test_is_a_backtest_with_the_balance_that_the_one_before_left",),
    ),
    Mutant(
        "every test has a peak of its own",
        "research/folds/stitched_account.py",
        "peaks = np.maximum.accumulate(np.maximum(equity, self.peak))",
        "peaks = np.maximum.accumulate(equity)",
        (f"{_UNIT}.test_walk_forward.Figures",),
    ),
    Mutant(
        "cross-validation purges after a test alone",
        "research/folds/combinations.py",
        "groups[one].start_ms - scheme.purge_ms)",
        "groups[one].start_ms)",
        _GROUPS,
    ),
    Mutant(
        "cross-validation keeps no embargo",
        "research/folds/combinations.py",
        "groups[one].end_ms + scheme.purge_ms + scheme.embargo_ms)",
        "groups[one].end_ms + scheme.purge_ms)",
        _GROUPS,
    ),
    Mutant(
        "searches of a cross-validation warm up on what is left out",
        "research/folds/validation_run.py",
        "study_base_over(self._search.base, window, isolated=True)",
        "study_base_over(self._search.base, window, isolated=False)",
        (f"{_UNIT}.test_cross_validation.Leaks",),
    ),
    Mutant(
        "paths take groups from the last split first",
        "research/folds/combinations.py",
        "return list(zip(*by_group, strict=True))",
        "return list(zip(*[one[::-1] for one in by_group], strict=True))",
        _GROUPS,
    ),
    Mutant(
        "a cross-validation ranks what hardly trades",
        "research/folds/validation_run.py",
        " or trades < self._search.plan.min_trades:",
        ":",
        (f"{_UNIT}.test_cross_validation.Paths.test_points_that_are_not_ranked_leave_paths_without_figures",),
    ),
    # Luck.
    Mutant(
        "the variance of the trials is of the winners",
        "research/luck/expected_best.py",
        "return cls(given[np.isfinite(given)] /",
        "return cls(given[np.isfinite(given) & (given > 0.0)] /",
        _SHARPE,
    ),
    Mutant(
        "failed trials do not count",
        "research/luck/expected_best.py",
        "tried = len(given) if count is None else count",
        "tried = int(np.isfinite(given).sum()) if count is None else count",
        _SHARPE,
    ),
    Mutant(
        "trials that were answered count again",
        "research/studies/study_luck.py",
        "            if same_as is None:\n                found.append(",
        "            if True:\n                found.append(",
        _TRIED,
    ),
    Mutant(
        "runs by hand do not count",
        "research/studies/study_luck.py",
        "if one.id not in runs and",
        "if False and",
        _TRIED,
    ),
    Mutant(
        "kurtosis is excess",
        "research/luck/sharpe_statistics.py",
        "kurtosis=float(kurtosis) + 3.0",
        "kurtosis=float(kurtosis)",
        _SHARPE,
    ),
    Mutant(
        "the kurtosis of trials is excess",
        "research/objectives/trial_figures.py",
        "kurtosis + 3.0 if",
        "kurtosis if",
        _OBJECTIVES,
    ),
    Mutant(
        "the track record is short of one",
        "research/luck/sharpe_statistics.py",
        "return 1.0 + sample.spread * score * score",
        "return sample.spread * score * score",
        _SHARPE,
    ),
    Mutant(
        "tied trials rank above each other",
        "research/luck/overfitting.py",
        "rank = (lower + (tied + 1) / 2.0) /",
        "rank = (lower + tied) /",
        _OVERFITTING,
    ),
    Mutant(
        "the middle is not overfitted",
        "research/luck/overfitting.py",
        "probability=float(np.mean(rank <= 0.5)),",
        "probability=float(np.mean(rank < 0.5)),",
        _OVERFITTING,
    ),
    Mutant(
        "the other halves are not looked at",
        "research/luck/overfitting.py",
        "found = [_best_elsewhere(one, other), _best_elsewhere(other, one)]",
        "found = [_best_elsewhere(one, other), _best_elsewhere(one, other)]",
        _OVERFITTING,
    ),
    Mutant(
        "returns are taken for losses",
        "research/luck/reality_check.py",
        "test = SPA(np.zeros(len(table)), -table,",
        "test = SPA(np.zeros(len(table)), table,",
        (f"{_UNIT}.test_reality_check",),
    ),
    Mutant(
        "the best is its own neighbour",
        "research/luck/stability.py",
        "    near[best] = False\n",
        "",
        (f"{_UNIT}.test_stability",),
    ),
    Mutant(
        "a p-value may be none",
        "research/luck/permuted_entries.py",
        "p_value=(told.as_good + 1) / (told.runs + 1)",
        "p_value=told.as_good / told.runs",
        (f"{_PERMUTED}.test_entries_that_know_what_comes_are_told_from_those_that_do_not",),
    ),
    Mutant(
        "every symbol turns by itself",
        "research/luck/turned_signals.py",
        "later[open_ms], closes[open_ms])",
        "dict(zip(opens.tolist(), np.roll(opens, -by - len(found)).tolist(), strict=True))[open_ms], closes[open_ms])",
        _TURNED,
    ),
    Mutant(
        "what falls behind the last candle is lost",
        "research/luck/turned_signals.py",
        "np.roll(opens, -by).tolist()",
        "[*opens[by:].tolist(), *[-1] * by]",
        _TURNED,
    ),
    Mutant(
        "distances shrink as the price grows",
        "research/luck/turned_signals.py",
        "scaled(one, closes[then] / close)",
        "scaled(one, close / closes[then])",
        _TURNED,
    ),
    Mutant(
        "prices move without a spread",
        "research/luck/noisy_prices.py",
        "most = 1 + np.floor(price * spread / 2.0 / size).astype(np.int64)",
        "most = 1 + np.floor(price * 0.0 / size).astype(np.int64)",
        (f"{_UNIT}.test_noisy_prices",),
    ),
    # Monte Carlo.
    Mutant(
        "blocks do not go on at the beginning",
        "research/monte_carlo/drawn_paths.py",
        "return (np.take_along_axis(starts, since, axis=1) + steps - since) % length",
        "return np.minimum(np.take_along_axis(starts, since, axis=1) + steps - since, length - 1)",
        _PATHS,
    ),
    Mutant(
        "draw-downs are from the first step",
        "research/monte_carlo/path_outcomes.py",
        "    np.maximum(peak, 1.0, out=peak)\n",
        "",
        _PATHS,
    ),
    Mutant(
        "every path of a batch is that of its first",
        "research/monte_carlo/drawn_paths.py",
        "return words(key, first * steps, count * steps)",
        "return words(key, first, count * steps)",
        _PATHS,
    ),
    Mutant(
        "blocks are half as long as they should be",
        "research/monte_carlo/block_length.py",
        "reach = longest if lag is None else min(2 * max(lag, 1), longest)",
        "reach = longest if lag is None else min(max(lag, 1), longest)",
        (f"{_UNIT}.test_block_length",),
    ),
    # Jobs.
    Mutant(
        "a lease is not kept up",
        "research/jobs/held_job.py",
        "self._state = self._queue.renew(self.job, self._done, self._total, self._left_ms())",
        "self._state = self._state",
        ("tests.integration.test_jobs",),
    ),
    Mutant(
        "a job that another has is ended all the same",
        "research/jobs/worker.py",
        "if not self._queue.end(job, ended, failure):",
        "if not self._queue.end(job, ended, failure) and failure:",
        ("tests.integration.test_jobs",),
    ),
    # Recommendations.
    Mutant(
        "claims do not share a chance to err",
        "research/recommendations/judged_claims.py",
        "level = 1.0 - ERROR / tested",
        "level = 1.0 - ERROR",
        _SHARED,
    ),
    Mutant(
        "a probability knows of one claim",
        "research/recommendations/judged_claims.py",
        "probability=1.0 - min(1.0, tested * change.p_value),",
        "probability=1.0 - change.p_value,",
        _SHARED,
    ),
    Mutant(
        "where a point was chosen is evidence for it",
        "research/recommendations/change.py",
        "return self.searched is None or not overlap(self.searched, window)",
        "return True",
        _CLAIMS,
    ),
    Mutant(
        "ranges that overlap count twice",
        "research/recommendations/change.py",
        "if not found or one.start_ms >= found[-1].end_ms:",
        "if True:",
        _CLAIMS,
    ),
    Mutant(
        "the error is that of independent days",
        "research/recommendations/mean_change.py",
        "error=max(independent, drawn),",
        "error=independent,",
        (f"{_UNIT}.test_mean_change",),
    ),
    Mutant(
        "outcomes of one kind count for all",
        "research/recommendations/confidence.py",
        'found[one.kind][0 if one.outcome["held"] else 1] += 1',
        'found[KINDS[0]][0 if one.outcome["held"] else 1] += 1',
        _CLAIMS,
    ),
)
