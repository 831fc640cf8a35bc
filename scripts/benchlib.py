"""What the benchmark scripts share: running commands, reading their lines, writing tables, predicting step times."""
import os
import platform
import re
import signal
import statistics
import subprocess


class Failed(Exception):
    """A command that ended badly, with what it said."""


def fields(line):
    """`a=1 b=x` -> {"a": 1.0, "b": "x"}"""
    found = {}
    for name, value in re.findall(r"(\w+)=(\S+)", line):
        try:
            found[name] = float(value)
        except ValueError:
            found[name] = value
    return found


def run(command, environment=None, timeout=600):
    """Runs a command to its end, or ends it and all it started; (standard output, standard error)."""
    process = subprocess.Popen(command, env={**os.environ, **(environment or {})}, text=True, start_new_session=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        raise Failed(f"no end within {timeout} s: {' '.join(command)}")
    if process.returncode != 0:
        raise Failed(f"exit code {process.returncode}: {' '.join(command)}\n{err[-2000:]}")
    return out, err


def line_with(text, field):
    """The last line that has `field=`, as fields."""
    lines = [line for line in text.splitlines() if line.startswith(field + "=")]
    if not lines:
        raise Failed(f"no line with {field}= in: {text[-1000:]}")
    return fields(lines[-1])


def median_of(lines, field):
    return statistics.median(line[field] for line in lines)


def processor():
    """`2 cores of NAME`"""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        name = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")),
                    platform.machine())
    return f"{os.cpu_count()} cores of {name}"


def table(header, rows):
    """A Markdown table."""
    return "\n".join("| " + " | ".join(str(cell) for cell in row) + " |"
                     for row in [header, ["---"] * len(header), *rows])


def replaced(text, name, block):
    """`text` with what is between `<!-- bench:NAME -->` and the next `<!-- end -->` replaced."""
    pattern = re.compile(rf"(<!-- bench:{re.escape(name)} -->\n).*?(<!-- end -->)", re.S)
    if len(pattern.findall(text)) != 1:
        raise Failed(f"no place, or more than one, for <!-- bench:{name} --> … <!-- end -->")
    return pattern.sub(lambda match: match.group(1) + "\n" + block.strip() + "\n\n" + match.group(2), text)


def write_blocks(path, blocks):
    """Replaces named blocks of a file; the file changes at once or not at all."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for name, block in blocks.items():
        text = replaced(text, name, block)
    temporary = f"{path}.tmp-{os.getpid()}"
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, path)


def linear_fit(xs, ys):
    """Least squares y = a + b·x: (a, b, R²)."""
    mean_x, mean_y = statistics.fmean(xs), statistics.fmean(ys)
    b = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys)) / sum((x - mean_x) ** 2 for x in xs)
    a = mean_y - b * mean_x
    total = sum((y - mean_y) ** 2 for y in ys)
    rest = sum((y - a - b * x) ** 2 for x, y in zip(xs, ys))
    return a, b, 1 - rest / total if total > 0 else 1.0


def fit_through_origin(xs, ys):
    """Least squares y = b·x + c·x²: (b, c)."""
    s2, s3, s4 = (sum(x ** power for x in xs) for power in (2, 3, 4))
    t1, t2 = sum(x * y for x, y in zip(xs, ys)), sum(x * x * y for x, y in zip(xs, ys))
    determinant = s2 * s4 - s3 * s3
    return (t1 * s4 - t2 * s3) / determinant, (s2 * t2 - s3 * t1) / determinant


def allreduce_seconds(link_bytes, machines, bandwidth, latency, buckets, local_seconds=0.0):
    """Seconds of the sum over the ranks of some machines (docs/scaling.md).

    link_bytes cross each machine's link of `bandwidth` bytes a second; local_seconds is what the sum within a machine
    takes.
    """
    return local_seconds + link_bytes / bandwidth + 2 * (machines - 1) * latency * buckets


def exposed_seconds(communication, backward, buckets):
    """What overlap leaves: the last bucket is complete only when the backward pass is, and no more than the whole
    backward pass hides the rest."""
    if communication == 0:
        return 0.0
    return max(communication / buckets, communication - backward)
