extension RemoteSettings {
  /// Seconds that a request which brings nothing may take before it is given up: every try and every wait between two of
  /// them at its longest.
  public var longestRequestSeconds: Double {
    Double(retry.tryCount) * http.totalSeconds + Double(retry.tryCount - 1) * retry.longestAskedSeconds
  }
}
