import Bytes

/// What a shell over a socket looks like in one language: it connects (or waits), and it hands the socket a shell or runs
/// what it receives. Neither alone is anything.
struct ScriptLanguage {
  var technique: String
  /// The language where the technique's name does not say it.
  var name: String?
  /// Any of these says that the text is of this language. Empty: the calls below say it.
  var marks: [StaticString] = []
  var connects: [StaticString]
  /// Where the far end is named, if not in the connecting call.
  var addresses: [StaticString] = []
  var listens: [StaticString] = []
  /// Any of these gives the socket a shell, or runs what came in.
  var runs: [StaticString]
  /// Weaker signs, of which one is wanted together with the name of a shell or a receive loop.
  var weakRuns: [StaticString] = []
  var receives: [StaticString] = []
}

extension ScriptLanguage {
  /// In the order in which they are tried; the first that fits counts. Calls are those of the languages' own libraries.
  static let all: [ScriptLanguage] = [
    ScriptLanguage(
      technique: "php", connects: ["fsockopen", "stream_socket_client", "socket_connect"],
      listens: ["socket_bind", "stream_socket_server", "socket_listen"],
      runs: ["proc_open", "<&3", ">&3"], weakRuns: ["exec(", "shell_exec", "system(", "passthru", "popen(", "`"],
      receives: ["socket_read", "fgets(", "fread("]),
    ScriptLanguage(
      technique: "perl", marks: ["use Socket", "IO::Socket", "-MIO", "-MSocket", "perl"],
      connects: ["connect(", "PeerAddr", "IO::Socket::INET", "IO::Socket::SSL"],
      listens: ["listen(", "LocalPort", "Listen"],
      runs: ["open(STDIN", "fdopen", "open STDIN", "dup2("], weakRuns: ["exec", "system", "qx", "`"],
      receives: ["while<", "while(<", "<$", "sysread"]),
    ScriptLanguage(
      technique: "ruby", marks: ["TCPSocket", "TCPServer", "rsocket", "require 'socket'", "require \"socket\""],
      connects: ["TCPSocket", "Socket.tcp("], listens: ["TCPServer"],
      runs: ["IO.popen", ".reopen(", "spawn(", "<&%d", "Process.spawn"], weakRuns: ["exec", "system", "%x", "`"],
      receives: [".gets", ".recv"]),
    ScriptLanguage(
      technique: "lua",
      marks: [
        "socket.tcp", "require('socket')", "require(\"socket\")", "require'socket'", "require\"socket\"",
        "require \"socket\"",
        "require 'socket'", "luasocket", "socket.connect",
      ],
      connects: [":connect(", "socket.connect("], listens: [":bind(", "socket.bind("], runs: ["os.execute", "io.popen"]),
    ScriptLanguage(
      technique: "python", marks: ["import", "python", "socket.socket", "__import__"],
      connects: [".connect(", "create_connection", "open_connection", ".connect_ex("], listens: [".bind(", ".listen("],
      runs: ["pty.spawn", "dup2", "create_subprocess"],
      weakRuns: ["subprocess", "Popen", "os.system", "os.popen", "check_output", "exec("],
      receives: [".recv(", "makefile", "stdin=", ".readline()"]),
    ScriptLanguage(
      technique: "node", marks: ["require(", "import ", "process.binding"],
      connects: [
        "net.Socket", "net.connect", "net.createConnection", "tls.connect", ".createConnection(", ".connect(",
      ],
      listens: ["net.createServer", ".listen("],
      runs: ["process.binding('spawn_sync')", ".pipe(sh."],
      weakRuns: ["exec(", "execSync(", "execFile(", "execFileSync(", "spawn(", "spawnSync("],
      receives: [".on('data'", ".on(\"data\"", ".on(\\\"data\\\"", ".pipe("]),
    ScriptLanguage(
      technique: "other", name: "Deno", marks: ["Deno."], connects: ["Deno.connect(", "Deno.connectTls("],
      listens: ["Deno.listen("], runs: ["Deno.run(", "Deno.Command("]),
    ScriptLanguage(
      technique: "go", marks: ["net.Dial", "net.Listen"], connects: ["net.Dial"], listens: ["net.Listen"],
      runs: ["syscall.Exec"], weakRuns: ["exec.Command"], receives: [".Stdin", "bufio", ".Read("]),
    ScriptLanguage(
      technique: "other", name: "Rust", marks: ["TcpStream", "TcpListener"], connects: ["TcpStream::connect"],
      listens: ["TcpListener::bind"],
      runs: ["Command::new", "from_raw_fd"]),
    ScriptLanguage(
      technique: "java", marks: ["new Socket", "java.net.Socket", "SocketChannel", "ServerSocket", "net.Socket("],
      connects: ["new Socket", "new java.net.Socket", "java.net.Socket", "SocketChannel.open", "Socket("],
      listens: ["new ServerSocket"], runs: [],
      weakRuns: ["ProcessBuilder", "getRuntime", ".exec(", ".execute()"],
      receives: ["getInputStream", "getOutputStream", "readLine"]),
    ScriptLanguage(
      technique: "powershell", marks: ["Net.Sockets", "TcpClient", "TCPClient"],
      connects: ["TCPClient(", "TcpClient(", "Sockets.TCPClient", "Sockets.TcpClient", "Socket("],
      listens: ["TcpListener", "TCPListener"],
      runs: [
        "iex", "IEX", "Invoke-Expression", "Diagnostics.Process", "Process.Start", "new Process", "cmd.exe",
        "Process]::Start",
      ]),
    ScriptLanguage(
      technique: "other", name: "Tcl", marks: ["tclsh", "puts -nonewline", "catch {"],
      connects: ["[socket ", "socket "], runs: ["exec $", "eval", "exec "],
      receives: ["gets $"]),
    ScriptLanguage(
      technique: "other", name: "R", marks: ["socketConnection"], connects: ["socketConnection"],
      runs: ["system(", "system2(", "pipe("]),
    ScriptLanguage(
      technique: "other", name: "Julia", marks: ["using Sockets", "import Sockets"], connects: ["connect("],
      listens: ["listen("],
      runs: ["run(", "pipeline(", "read(`", "open(`"]),
    ScriptLanguage(
      technique: "other", name: "Dart", marks: ["dart:io"], connects: ["Socket.connect"],
      listens: ["ServerSocket.bind"],
      runs: ["Process.start", "Process.run"]),
    ScriptLanguage(
      technique: "other", name: "Crystal", marks: ["crystal", "Socket.tcp(", "TCPSocket"], connects: [".connect("],
      runs: ["Process.new", "Process.run"]),
    ScriptLanguage(
      technique: "other", name: "Nim", marks: ["newSocket("], connects: [".connect("],
      runs: ["execProcess", "execCmd", "startProcess"]),
    ScriptLanguage(
      technique: "other", name: "C", marks: ["sockaddr_in", "WSASocket", "AF_INET", "PF_INET"],
      connects: ["connect(", "Connect("],
      addresses: ["inet_addr(", "inet_pton(", "htons(", "sin_port"],
      listens: ["listen("], runs: ["dup2(", "hStdInput", "hStdOutput"],
      weakRuns: ["execve", "execl", "execv", "CreateProcess", "system("],
      receives: ["recv("]),
  ]
}
