import CCurl
import Faults
import Glibc

/// One libcurl handle: the connections that it keeps open, and one transfer at a time.
///
/// Sendable because it goes from thread to thread only through the lock of `HTTPClient`'s list.
final class CurlHandle: @unchecked Sendable {
  private let handle: UnsafeMutableRawPointer
  private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

  /// libcurl's own start, once a process.
  private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  init() throws {
    guard CurlHandle.isReady, let handle = curl_easy_init() else {
      throw Fault(.internalError, "libcurl does not start")
    }
    self.handle = handle
    errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
  }

  deinit {
    curl_easy_cleanup(handle)
    errorText.deallocate()
  }

  /// Sends the request and gives the response to `sink`; returns the head, and where it redirects to.
  ///
  /// Blocks the calling thread. Throws `RequestFailure` of every kind but `.status`: the caller judges the head.
  func get(
    _ request: HTTPRequest, settings: HTTPSettings, sink: any ResponseSink, stop: StopFlag?
  ) throws -> (head: HTTPHead, body: [UInt8], redirect: String?) {
    curl_easy_reset(handle)
    let transfer = CurlTransfer(sink: sink, stop: stop)
    var list: UnsafeMutablePointer<curl_slist>?
    defer { curl_slist_free_all(list) }
    for header in request.headers { list = try appending("\(header.name): \(header.value)", to: list) }
    try configure(request, settings, list)
    let code = withExtendedLifetime(transfer) {
      let context = Unmanaged.passUnretained(transfer).toOpaque()
      ccurl_set_pointer(handle, CURLOPT_HEADERDATA, context)
      ccurl_set_pointer(handle, CURLOPT_WRITEDATA, context)
      ccurl_set_pointer(handle, CURLOPT_XFERINFODATA, context)
      return CurlHandle.withoutBrokenPipes { curl_easy_perform(handle) }
    }
    defer {
      // The list and the context are gone after this call.
      curl_easy_reset(handle)
    }
    if let error = transfer.error { throw error }
    // An error page that is too long is not read to its end.
    let isCutPage = code == CURLE_WRITE_ERROR && !transfer.takesBody && transfer.head.status >= 300
    guard code == CURLE_OK || isCutPage else { throw failure(code, settings) }
    if transfer.takesBody { try sink.finish() }
    var redirect: UnsafeMutablePointer<CChar>?
    ccurl_redirect_url(handle, &redirect)
    return (transfer.head, transfer.otherBody, redirect.map { String(cString: $0) })
  }

  private func appending(
    _ line: String, to list: UnsafeMutablePointer<curl_slist>?
  ) throws -> UnsafeMutablePointer<curl_slist> {
    guard let longer = curl_slist_append(list, line) else { throw Fault(.internalError, "No memory for a request") }
    return longer
  }

  private func configure(
    _ request: HTTPRequest, _ settings: HTTPSettings, _ headers: UnsafeMutablePointer<curl_slist>?
  ) throws {
    func set(_ code: CURLcode) throws {
      guard code == CURLE_OK else {
        throw Fault(
          .internalError, "libcurl refuses a setting: \(String(cString: curl_easy_strerror(code)))",
          at: request.url.shown)
      }
    }
    func set(_ option: CURLoption, _ value: Int) throws { try set(ccurl_set_long(handle, option, value)) }
    func set(_ option: CURLoption, _ value: String) throws { try set(ccurl_set_string(handle, option, value)) }

    try set(CURLOPT_URL, request.url.text)
    try set(CURLOPT_PATH_AS_IS, 1)  // the path that was signed is the path that is sent
    try set(ccurl_set_list(handle, CURLOPT_HTTPHEADER, headers))
    try set(CURLOPT_USERAGENT, "sgmn-trainer")
    try set(CURLOPT_PROTOCOLS_STR, "http,https")
    try set(CURLOPT_FOLLOWLOCATION, 0)  // HTTPClient follows, and looks where to
    try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))  // one transfer a connection anyway
    try set(CURLOPT_NOSIGNAL, 1)
    try set(CURLOPT_TCP_KEEPALIVE, 1)
    try set(CURLOPT_BUFFERSIZE, 256 << 10)
    try set(CURLOPT_CONNECTTIMEOUT_MS, Int(settings.connectSeconds * 1_000))
    try set(CURLOPT_LOW_SPEED_LIMIT, settings.slowByteRate)
    try set(CURLOPT_LOW_SPEED_TIME, settings.slowSeconds)
    let seconds = settings.totalSeconds + Double(request.expectedByteCount / max(1, settings.slowByteRate))
    try set(CURLOPT_TIMEOUT_MS, Int(min(seconds, 2_000_000) * 1_000))
    try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    // A proxy of the environment serves other machines, never this one.
    if request.url.isLoopback { try set(CURLOPT_PROXY, "") }

    try set(CURLOPT_SSL_VERIFYPEER, 1)
    try set(CURLOPT_SSL_VERIFYHOST, 2)
    try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    if let file = settings.certificateFile { try set(CURLOPT_CAINFO, file) }
    if let folder = settings.certificateFolder { try set(CURLOPT_CAPATH, folder) }

    errorText[0] = 0
    try set(ccurl_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText))
    try set(ccurl_set_data_function(handle, CURLOPT_HEADERFUNCTION, CurlTransfer.takeHeader))
    try set(ccurl_set_data_function(handle, CURLOPT_WRITEFUNCTION, CurlTransfer.takeBody))
    try set(CURLOPT_NOPROGRESS, 0)
    try set(ccurl_set_progress_function(handle, CurlTransfer.progress))
  }

  /// What libcurl's code means to the caller.
  private func failure(_ code: CURLcode, _ settings: HTTPSettings) -> RequestFailure {
    let detail = String(cString: errorText)
    let text = detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
    switch code {
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR:
      return .final(
        Fault(
          .remoteUnavailable, "The server's certificate is not trusted: \(text)",
          remedy: "If it is right, name the file of its authority in CURL_CA_BUNDLE"))
    case CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CRL_BADFILE:
      return .final(
        Fault(
          .configuration, "The trusted certificates cannot be read: \(text)", at: settings.certificateFile,
          remedy: "Check CURL_CA_BUNDLE, SSL_CERT_FILE and AWS_CA_BUNDLE"))
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_PARTIAL_FILE,
      CURLE_OPERATION_TIMEDOUT, CURLE_SSL_CONNECT_ERROR, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR,
      CURLE_WEIRD_SERVER_REPLY, CURLE_PROXY:
      return .connection(text)
    default:
      return .final(Fault(.remoteUnavailable, "The request failed: \(text)"))
    }
  }

  /// Runs `body` with SIGPIPE held back on this thread: a server that hangs up while OpenSSL writes to it must not end
  /// the process.
  private static func withoutBrokenPipes<T>(_ body: () -> T) -> T {
    var pipe = sigset_t()
    var before = sigset_t()
    var pending = sigset_t()
    sigemptyset(&pipe)
    sigaddset(&pipe, SIGPIPE)
    sigpending(&pending)
    let wasPending = sigismember(&pending, SIGPIPE) == 1
    pthread_sigmask(SIG_BLOCK, &pipe, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    let result = body()
    var now = timespec()
    if !wasPending { while sigtimedwait(&pipe, nil, &now) == -1, errno == EINTR {} }
    return result
  }
}
