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
  /// Words of which one stands there besides, where the calls are those of other libraries too.
  var needs: [StaticString] = []
  /// Any of these gives the socket a shell, or runs what came in.
  var runs: [StaticString]
  /// Weaker signs, of which one is wanted together with the name of a shell or a receive loop.
  var weakRuns: [StaticString] = []
  /// Calls that run code, for which no shell's name says anything: they are given what comes in.
  var evaluates: [StaticString] = []
  var receives: [StaticString] = []
}

extension ScriptLanguage {
  /// In the order in which they are tried; the first that fits counts. Calls are those of the languages' own libraries.
  static let all: [ScriptLanguage] = [
    ScriptLanguage(
      technique: "php", connects: ["fsockopen", "stream_socket_client", "socket_connect"],
      listens: ["socket_bind", "stream_socket_server", "socket_listen", "socket_create_listen"],
      runs: ["<&3", ">&3"],
      weakRuns: ["proc_open", "exec(", "shell_exec", "system(", "passthru", "popen(", "`"], evaluates: ["eval("],
      receives: ["socket_read", "fgets(", "fread("]),
    ScriptLanguage(
      technique: "perl",
      marks: [
        "use Socket", "IO::Socket", "-MIO", "-MSocket", "perl -", "bin/perl", "perl5", "perl\"", "perl'", "perl\0",
      ],
      connects: ["connect(", "PeerAddr", "IO::Socket::INET", "IO::Socket::SSL", "IO::Socket::IP"],
      listens: ["listen(", "LocalPort", "Listen"],
      runs: ["open(STDIN", "fdopen", "open STDIN", "dup2"], weakRuns: ["exec", "system", "qx", "`"],
      receives: ["while<", "while(<", "<$", "sysread"]),
    ScriptLanguage(
      technique: "ruby",
      marks: ["TCPSocket", "UDPSocket", "TCPServer", "rsocket", "require 'socket'", "require \"socket\""],
      connects: ["TCPSocket", "Socket.tcp(", "UDPSocket"], listens: ["TCPServer"],
      runs: ["IO.popen", ".reopen(", "spawn(", "<&%d", "Process.spawn"],
      weakRuns: ["exec", "system", "%x", "`", "Open3.popen", "Open3.capture"], receives: [".gets", ".recv"]),
    ScriptLanguage(
      technique: "lua",
      marks: [
        "socket.tcp", "require('socket')", "require(\"socket\")", "require(\\\"socket\\\")", "require'socket'",
        "require\"socket\"",
        "require \"socket\"",
        "require 'socket'", "luasocket", "socket.connect",
      ],
      connects: [":connect(", "socket.connect(", "\").connect(", "').connect("],
      listens: [":bind(", "socket.bind(", ".bind(\"*\"", ".bind(\\\"*\\\"", ".bind('*'"],
      runs: [],
      weakRuns: ["os.execute", "io.popen"], receives: ["receive("]),
    ScriptLanguage(
      technique: "python", marks: ["import", "python", "socket.socket", "__import__"],
      connects: [".connect(", "create_connection", "open_connection", ".connect_ex(", "Telnet("],
      listens: [".bind(", ".listen("], needs: ["socket", "open_connection", "telnetlib"], runs: ["pty.spawn", "dup2"],
      weakRuns: [
        "subprocess", "Popen", "os.system", "os.popen", "check_output", "create_subprocess", "getoutput",
      ],
      evaluates: ["exec(", "eval("], receives: [".recv(", "makefile", "stdin=", ".readline()", "read_until("]),
    ScriptLanguage(
      technique: "node", marks: ["require(", "import ", "process.binding", "child_process."],
      connects: [
        "net.Socket", "net.connect", "net.createConnection", "tls.connect", ".createConnection(", ".connect(",
      ],
      listens: ["net.createServer", ".listen("],
      runs: ["process.binding('spawn_sync')", ".pipe(sh."],
      weakRuns: ["exec(", "execSync(", "execFile(", "execFileSync(", "spawn(", "spawnSync("],
      receives: [".on('data'", ".on(\"data\"", ".on(\\\"data\\\"", ".pipe("]),
    ScriptLanguage(
      technique: "other", name: "Deno", marks: ["Deno."], connects: ["Deno.connect(", "Deno.connectTls("],
      listens: ["Deno.listen("], runs: [], weakRuns: ["Deno.run(", "Deno.Command("], receives: [".read(", "readable"]),
    ScriptLanguage(
      technique: "go", marks: ["net.Dial", "net.Listen", "tls.Dial"], connects: ["net.Dial", "tls.Dial"],
      listens: ["net.Listen"],
      runs: [], weakRuns: ["exec.Command", "syscall.Exec"], receives: [".Stdin", "bufio", ".Read("]),
    ScriptLanguage(
      technique: "other", name: "Rust", marks: ["TcpStream", "TcpListener"], connects: ["TcpStream::connect"],
      listens: ["TcpListener::bind"],
      runs: ["from_raw_fd"], weakRuns: ["Command::new"], receives: [".read(", "read_line", ".lines("]),
    ScriptLanguage(
      technique: "java", marks: ["new Socket", "java.net.Socket", "SocketChannel", "ServerSocket", "net.Socket("],
      connects: ["new Socket", "new java.net.Socket", "java.net.Socket", "SocketChannel.open", "Socket("],
      listens: ["new ServerSocket"], runs: [],
      weakRuns: ["ProcessBuilder", ".exec(", ".execute()"],
      receives: ["getInputStream", "getOutputStream", "readLine"]),
    ScriptLanguage(
      technique: "powershell", marks: ["Net.Sockets", "TcpClient", "TCPClient"],
      connects: ["TCPClient(", "TcpClient(", "Sockets.TCPClient", "Sockets.TcpClient", "Socket("],
      listens: ["TcpListener", "TCPListener"], runs: ["iex $", "IEX $", "Invoke-Expression $", "iex(", "IEX("],
      weakRuns: ["Diagnostics.Process", "Process.Start", "new Process", "cmd.exe", "Process]::Start"],
      evaluates: ["iex", "IEX", "Iex", "Invoke-Expression", "invoke-expression"],
      receives: ["GetStream", "NetworkStream", ".Receive("]),
    ScriptLanguage(
      technique: "other", name: "Tcl", marks: ["tclsh", "puts -nonewline", "catch {", "[socket "],
      connects: ["[socket ", "socket "], listens: ["socket -server"], runs: [], weakRuns: ["exec "],
      evaluates: ["exec $", "exec {*}$", "eval $", "eval ["], receives: ["gets $"]),
    ScriptLanguage(
      technique: "other", name: "R", marks: ["socketConnection"], connects: ["socketConnection"],
      runs: [], weakRuns: ["system(", "system2(", "pipe("], receives: ["readLines", "readline("]),
    ScriptLanguage(
      technique: "other", name: "Julia", marks: ["using Sockets", "import Sockets"], connects: ["connect("],
      listens: ["listen("], runs: [], weakRuns: ["run(", "pipeline(", "read(`", "open(`"],
      receives: ["readline(", "readavailable("]),
    ScriptLanguage(
      technique: "other", name: "Dart", marks: ["dart:io"], connects: ["Socket.connect"],
      listens: ["ServerSocket.bind"], runs: [], weakRuns: ["Process.start", "Process.run"], receives: [".listen("]),
    ScriptLanguage(
      technique: "other", name: "Crystal", marks: ["crystal", "Socket.tcp(", "TCPSocket"], connects: [".connect("],
      runs: [], weakRuns: ["Process.new", "Process.run"], receives: [".gets", ".receive"]),
    ScriptLanguage(
      technique: "other", name: "Nim", marks: ["newSocket("], connects: [".connect("],
      runs: [], weakRuns: ["execProcess", "execCmd", "startProcess"], receives: [".recv"]),
    ScriptLanguage(
      technique: "other", name: "Elixir", marks: [":gen_tcp"], connects: [":gen_tcp.connect("],
      listens: [":gen_tcp.listen("], runs: [], weakRuns: ["System.cmd(", "Port.open(", ":os.cmd(", "System.shell("],
      receives: [":gen_tcp.recv("]),
    ScriptLanguage(
      technique: "other", name: "Erlang", marks: ["gen_tcp:"], connects: ["gen_tcp:connect("],
      listens: ["gen_tcp:listen("], runs: [], weakRuns: ["os:cmd(", "open_port("],
      receives: ["gen_tcp:recv(", "{tcp,"]),
    ScriptLanguage(
      technique: "other", name: "C", marks: ["sockaddr_in", "WSASocket", "AF_INET", "PF_INET"],
      connects: ["connect(", "Connect("],
      addresses: ["inet_addr(", "inet_pton(", "htons(", "sin_port"],
      listens: ["listen("], runs: [],
      weakRuns: ["execve", "execl", "execv", "CreateProcess", "system(", "posix_spawn"],
      receives: ["recv("]),
  ]
}
