import WorkerProcesses

/// The program of a decoding worker.
public enum DecodeWorker {
  /// Serves the process that started this one until that hangs up.
  public static func run() throws {
    let endpoint = try WorkerEndpoint()
    try endpoint.serve(
      prepare: { bytes in
        let setup = try WorkerSetup(bytes)
        try endpoint.limitAddressSpace(growth: setup.memoryByteCount)
        return try SampleDecoder(setup.settings)
      },
      work: { decoder, bytes in try decoder.encoded(DecodeRequest(bytes).source).serialized })
  }
}
