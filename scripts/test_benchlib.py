"""python3 -m unittest discover scripts: the parts of the benchmarks that need no machine."""
import os
import tempfile
import unittest

import bench
import bench_scale
import benchlib


class LineTests(unittest.TestCase):
    def test_fields_of_a_line(self):
        text = "2026 info\npairs_per_s=0.52 step_s=15.2 dtype=bf16 compile=False loss=nan\nother=1\n"
        line = benchlib.line_with(text, "pairs_per_s")
        self.assertEqual((line["pairs_per_s"], line["step_s"], line["dtype"]), (0.52, 15.2, "bf16"))
        with self.assertRaises(benchlib.Failed):
            benchlib.line_with(text, "clips_per_s")

    def test_a_command_that_fails_or_hangs_is_reported(self):
        self.assertEqual(benchlib.run(["sh", "-c", "echo yes"])[0], "yes\n")
        with self.assertRaisesRegex(benchlib.Failed, "exit code 3.*\n.*broken"):
            benchlib.run(["sh", "-c", "echo broken >&2; exit 3"])
        with self.assertRaisesRegex(benchlib.Failed, "no end"):
            benchlib.run(["sleep", "30"], timeout=0.2)


class TableTests(unittest.TestCase):
    def test_ratios_are_of_medians(self):
        peer = [{"pairs_per_s": rate, "peak_gib": 5.0} for rate in (0.4, 0.5, 9.0)]
        ours = [{"pairs_per_s": rate, "peak_gib": 2.0} for rate in (1.4, 1.5, 0.1)]
        threads = [{"pairs_per_s": 1.33, "peak_gib": 3.0}]
        column = dict(bench.training_column(peer, ours, threads))
        self.assertEqual(column["**against PyTorch**"], "**2.80**")
        self.assertEqual(column["1 × 2 against 2 × 1"], "0.95")
        self.assertEqual(column["**memory against PyTorch**"], "**0.40**")
        text = bench.side_by_side("", {form: list(column.items()) for form in ("float32", "bf16")})
        self.assertTrue(text.startswith("|  | float32 | bf16 |\n"), text)
        self.assertIn("| **against PyTorch** | **2.80** | **2.80** |", text)

    def test_waiting_for_data_leaves_out_the_first_two_steps(self):
        metrics = [{"step": n, "step_seconds": 2.0, "data_wait_seconds": 1.0 if n < 3 else 0.02} for n in range(1, 7)]
        waited = bench.waiting(metrics + [{"recall_1": 0.5}])
        self.assertAlmostEqual(waited["share"], 0.01)
        disturbed = {"step_s": 9.0, "wait_s": 8.0, "share": 0.9}
        self.assertEqual(dict(bench.data_column([waited, disturbed, waited]))["**share**"], "**1.00 %**")

    def test_the_exchange_is_the_median_of_the_rounds(self):
        lines = [{"step_s": 20.0, "exchange_s": seconds, "communication_s": 2 * seconds, "peak_gib": 9.0}
                 for seconds in (0.2, 0.3, 5.0)]
        column = dict(bench.exchange_column(lines))
        self.assertEqual(column["**share**"], "**1.5 %**")
        self.assertEqual(column["with waiting for the slower rank"], "3.0 %")

    def test_a_format_that_the_machine_does_not_have_has_no_figures(self):
        text = bench.side_by_side("", {"float32": [("step, s", "1.00")]})
        self.assertIn("| step, s | 1.00 | no bf16 instructions here |", text)

    def test_the_machine_is_named_once_for_all_blocks_and_with_each_of_some(self):
        blocks = {name: f"table of {name}" for name in bench.PLAN}
        self.assertEqual(bench.with_machine(blocks, "this one"), {**blocks, "machine": "this one"})
        self.assertEqual(bench.with_machine({"data": "table"}, "this one"), {"data": "table\n\nthis one"})

    def test_every_table_says_how_it_was_measured(self):
        for name in bench.PLAN:
            text = bench.how_measured(name, 3, 2, 16)
            self.assertIn(f"`scripts/bench --only {name}`, 3 run(s) of 2 timed step(s)", text)
            self.assertIn("- `mpirun -n 2 sgmn-train", text)

    def test_the_machine_is_named_without_the_threads_of_the_last_run(self):
        text = bench.machine_text("cpu, OpenBLAS Cooperlake, vector kernels avx512, 2 thread(s)", "2.15.0")
        self.assertIn("; cpu, OpenBLAS Cooperlake, vector kernels avx512; OpenBLAS ", text)
        self.assertIn("PyTorch 2.15.0", text)

    def test_blocks_are_replaced_and_nothing_else(self):
        text = "# A\n\n<!-- bench:x -->\nold\n<!-- end -->\n\nkept\n\n<!-- bench:xy -->\nother\n<!-- end -->\n"
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "page.md")
            for _ in range(2):  # again and again, with the same result
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
                benchlib.write_blocks(path, {"x": "| a |\n| \\1 |"})
                with open(path, encoding="utf-8") as file:
                    text = file.read()
                self.assertEqual(text, "# A\n\n<!-- bench:x -->\n\n| a |\n| \\1 |\n\n<!-- end -->\n\nkept\n\n"
                                       "<!-- bench:xy -->\nother\n<!-- end -->\n")
            with self.assertRaises(benchlib.Failed):
                benchlib.write_blocks(path, {"x": "new", "missing": "new"})
            with open(path, encoding="utf-8") as file:
                self.assertEqual(file.read(), text)
            self.assertEqual(os.listdir(folder), ["page.md"])

    def test_the_pages_have_a_place_for_every_table(self):
        docs = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "docs")
        for page, names in (("benchmarks.md", ["training", "encoding", "encoder", "exchange", "data", "machine"]),
                            ("scaling.md", ["scale-batch", "scale-ranks", "scale-prediction"])):
            with open(os.path.join(docs, page), encoding="utf-8") as file:
                text = file.read()
            for name in names:
                self.assertIn("figures", benchlib.replaced(text, name, "figures"))


class ModelTests(unittest.TestCase):
    def test_fits_find_what_was_put_in(self):
        a, b, r2 = benchlib.linear_fit([1, 2, 4, 8], [0.5 + 0.25 * x for x in (1, 2, 4, 8)])
        self.assertAlmostEqual(a, 0.5)
        self.assertAlmostEqual(b, 0.25)
        self.assertAlmostEqual(r2, 1)
        b, c = benchlib.fit_through_origin([1, 2, 3], [3 * x + 2 * x * x for x in (1, 2, 3)])
        self.assertAlmostEqual(b, 3)
        self.assertAlmostEqual(c, 2)

    def test_one_machine_uses_no_link_and_latency_grows_with_machines(self):
        count = 1 << 20  # one bucket
        def seconds(machines, latency=0.0, buckets=1, local=0.0):
            return benchlib.allreduce_seconds(bench_scale.link_bytes(count, "float32", machines, 8), machines,
                                              4 * count, latency, buckets, local)
        self.assertEqual(seconds(1), 0)
        self.assertAlmostEqual(seconds(2), 1)
        self.assertAlmostEqual(seconds(512), 2 * 511 / 512)
        self.assertAlmostEqual(seconds(4, latency=1e-3, buckets=10) - seconds(4), 2 * 3 * 1e-3 * 10)
        self.assertAlmostEqual(seconds(4, local=0.1), seconds(4) + 0.1)

    def test_overlap_hides_no_more_than_the_backward_pass(self):
        self.assertEqual(benchlib.exposed_seconds(0, 1, 10), 0)
        self.assertAlmostEqual(benchlib.exposed_seconds(1, 2, 10), 0.1)
        self.assertAlmostEqual(benchlib.exposed_seconds(3, 2, 10), 1)

    def test_efficiency_falls_with_ranks_and_rises_with_bandwidth(self):
        class Arguments:
            bandwidth_gbit, predict, ranks_per_machine = [25, 400], [8, 64, 512], 8
            latency_us, pairs, embedding_floats, wire = 5, 4, 14 * 512, "float32"
        rows = bench_scale.predictions(Arguments, 3.0, 2.0, 110_700_000, 5e9, (1e-4, 1e-7))
        plain = [float(row[4].split()[0]) for row in rows]
        self.assertEqual(len(rows), 6)
        self.assertTrue(plain[0] > plain[1] >= plain[2] and plain[5] > plain[2], plain)
        for row in rows:
            self.assertLessEqual(float(row[4].split()[0]), float(row[5].split()[0]))
            self.assertGreaterEqual(float(row[5].split()[0]), float(row[6].split()[0]))

    def test_rounded_gradients_have_as_many_buckets_and_fill_the_link_of_several_ranks(self):
        count = 8 << 20
        self.assertEqual(bench_scale.bucket_count(count), 8)
        self.assertEqual(bench_scale.link_bytes(count, "float32", machines=4, per_machine=8), 2 * 3 / 4 * 4 * count)
        # One rank a machine: half. With eight, the slices of each rank go to every rank elsewhere.
        self.assertEqual(bench_scale.link_bytes(count, "bf16", machines=4, per_machine=1), 2 * 3 / 4 * 2 * count)
        self.assertEqual(bench_scale.link_bytes(count, "bf16", machines=4, per_machine=8), 9 * 3 / 4 * 2 * count)


if __name__ == "__main__":
    unittest.main()
