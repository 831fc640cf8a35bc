"""Checks the ONNX files of a folder and runs them with onnxruntime on the CPU.

    run_onnx.py FOLDER INPUTS.safetensors OUTPUTS.safetensors

INPUTS holds the inputs of each file as `FILE.INPUT`, such as `image_encoder.pixels`; OUTPUTS gets what the files
yield by names of the same kind. Prints the files' metadata as JSON. Fails where ONNX's checker finds a fault, where
a file is not byte for byte what ONNX itself writes for the same model, or where a file has inputs other than those
given.
"""
import json
import sys
from pathlib import Path

import onnx
import onnxruntime
from safetensors.numpy import load_file, save_file


def check(path: Path) -> None:
    onnx.checker.check_model(str(path), full_check=True)
    model = onnx.load(str(path), load_external_data=False)
    if model.SerializeToString(deterministic=True) != path.read_bytes():
        raise SystemExit(f"{path.name}: ONNX writes other bytes for this model")
    used = {name for node in model.graph.node for name in node.input} | {value.name for value in model.graph.output}
    idle = {tensor.name for tensor in model.graph.initializer} - used
    if idle:
        raise SystemExit(f"{path.name}: nothing uses {sorted(idle)}")


def session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 2
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def main(folder: Path, inputs_path: str, outputs_path: str) -> None:
    inputs = load_file(inputs_path)
    outputs, metadata = {}, {}
    for path in sorted(folder.glob("*.onnx")):
        check(path)
        model = session(path)
        prefix = f"{path.stem}."
        given = {key.removeprefix(prefix): value for key, value in inputs.items() if key.startswith(prefix)}
        if set(given) != {value.name for value in model.get_inputs()}:
            raise SystemExit(f"{path.name}: inputs {[value.name for value in model.get_inputs()]}, given {list(given)}")
        names = [value.name for value in model.get_outputs()]
        for name, value in zip(names, model.run(names, given)):
            outputs[f"{path.stem}.{name}"] = value
        metadata[path.stem] = model.get_modelmeta().custom_metadata_map
    save_file(outputs, outputs_path)
    print(json.dumps(metadata))


main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
