import Evidence

/// What a rule's `logsource` comes to here: which of our events it is asked of.
public struct SigmaSource: Hashable, Sendable {
  public var product: String?
  public var category: String?
  public var service: String?

  /// Classes of records that our events give; each has field names of its own.
  enum Kind: String, Hashable, Sendable, CaseIterable {
    case process, connection, file, cloudTrail, kubernetes, webServer, proxy, dns, audit, log, application, firewall,
      native
  }

  /// nil where no evidence that is read here gives such records.
  var kind: Kind? {
    if product == "ir-analyze" { return .native }
    switch (category, product, service) {
    case ("process_creation", nil, _), ("process_creation", "linux", _): return .process
    case ("network_connection", nil, _), ("network_connection", "linux", _): return .connection
    case ("file_event", nil, _), ("file_event", "linux", _): return .file
    case ("webserver", _, _): return .webServer
    case ("proxy", _, _): return .proxy
    case ("dns", nil, _), ("dns_query", nil, _), ("dns", "linux", _), ("dns_query", "linux", _): return .dns
    case (nil, "aws", "cloudtrail"), (nil, "aws", nil): return .cloudTrail
    case (nil, "kubernetes", "audit"), ("application", "kubernetes", "audit"): return .kubernetes
    case (nil, "linux", "auditd"): return .audit
    case ("firewall", nil, _), ("firewall", "aws", _), ("firewall", "linux", _): return .firewall
    case (nil, "aws", "vpcflow"), (nil, "aws", "vpcflowlogs"), (nil, "aws", "vpc_flow_logs"): return .firewall
    case (nil, "linux", "iptables"), (nil, "linux", "ufw"): return .firewall
    case (nil, "linux", _): return .log
    case (nil, nil, "sshd"), (nil, nil, "auth"), (nil, nil, "sudo"), (nil, nil, "cron"), (nil, nil, "syslog"):
      return .log
    // Their error logs; requests are category `webserver`.
    case (nil, nil, "apache"), (nil, nil, "nginx"): return .application
    case ("application", let product, _) where product != "kubernetes": return .application
    default: return nil
    }
  }

  /// For records of the kind: whether the service or product asked for is the one that wrote them.
  func accepts(_ event: Event) -> Bool {
    switch kind {
    case .native: return service == nil || service == event.dataType
    case .log:
      let program = (event.text("program") ?? "").lowercased()
      switch service {
      case nil: return true
      case "auth": return event.dataType.hasPrefix("linux:auth") || event.dataType.hasPrefix("linux:login")
      case "cron": return program.hasPrefix("cron") || program == "anacron" || event.dataType == "linux:cron:entry"
      case "syslog": return event.dataType != "linux:shell:command"
      case "vsftpd": return program == "vsftpd" || event.dataType == "linux:ftp:entry"
      case let service?: return program == service || Self.programs[service]?.contains(program) == true
      }
    case .firewall:
      switch (product, service) {
      case ("aws", _): return SigmaFirewall.isFlow(event.dataType)
      case (_, "ufw"): return event.text("rule")?.hasPrefix("UFW ") ?? false
      case ("linux", _): return !SigmaFirewall.isFlow(event.dataType)
      default: return true
      }
    default: return true
    }
  }

  /// Programs of a service beyond the one that is called like it. OpenSSH's daemon leaves sessions to programs of their own
  /// since 9.8.
  private static let programs: [String: Set<String>] = [
    "sshd": ["sshd-session", "sshd-auth"], "su": ["su-l"], "clamav": ["clamd", "freshclam", "clamscan", "clamonacc"],
    "guacamole": ["guacd"], "samba": ["smbd", "nmbd", "winbindd"], "apache": ["apache2", "httpd"], "mysql": ["mysqld"],
    "sudo": ["sudo-rs"],
  ]

  var text: String { [product, category, service].compactMap { $0 }.joined(separator: "/") }
}

/// Field names of Sigma's taxonomy and where our events keep what they mean.
enum SigmaTaxonomy {
  /// Kinds of records that an event gives.
  static func kinds(of dataType: String) -> [SigmaSource.Kind] {
    switch dataType {
    case "linux:capture:process", "linux:memory:process": [.process, .native]
    case "linux:shell:command": [.process, .log, .native]
    case "linux:audit:syscall", "linux:audit:entry": [.audit, .process, .file, .log, .native]
    case "fs:stat": [.file, .native]
    case "linux:auth:entry", "linux:cron:entry": [.log, .process, .native]
    case "linux:capture:socket", "linux:memory:socket": [.connection, .native]
    case "aws:cloudtrail:entry": [.cloudTrail, .native]
    case "kubernetes:audit:entry": [.kubernetes, .native]
    case "web:access:request": [.webServer, .proxy, .native]
    case "aws:waf:request", "aws:alb:request", "aws:cloudfront:request": [.webServer, .native]
    case "aws:route53:query": [.dns, .native]
    case "app:log:entry": [.application, .native]
    case "linux:kernel:entry": [.log, .firewall, .native]
    case "aws:vpcflow:record": [.firewall, .native]
    case "linux:syslog:entry", "linux:kernel:message", "linux:login:session", "linux:login:failure", "linux:ftp:entry":
      [.log, .native]
    default: [.native]
    }
  }

  /// Our names for a field, best first; empty where it is the attribute's own name.
  static func attributes(_ field: String, _ kind: SigmaSource.Kind) -> [String] {
    switch kind {
    case .process: process[field] ?? []
    case .connection: connection[field] ?? []
    case .file: file[field] ?? process[field] ?? []
    case .cloudTrail: cloudTrail[field] ?? []
    case .kubernetes: kubernetes[field] ?? []
    case .proxy: proxy[field] ?? webServer[field] ?? []
    case .webServer: webServer[field] ?? []
    case .dns: dns[field] ?? []
    case .audit: audit[field] ?? []
    case .firewall: SigmaFirewall.fields[field] ?? []
    case .log, .application: log[field] ?? []
    case .native: native[field] ?? []
    }
  }

  private static let process: [String: [String]] = [
    "CommandLine": ["command_line", "command"], "Image": ["exe", "executable", "image"], "User": ["user"],
    "ProcessId": ["pid"], "ParentProcessId": ["ppid"], "CurrentDirectory": ["working_directory"],
    "LogonId": ["audit_ses", "ses"], "ParentImage": ["parent_image"], "ParentCommandLine": ["parent_command_line"],
  ]
  /// `TargetFilename` of an audit record is every path that it made; where it does not say which, every path of it.
  private static let file: [String: [String]] = [
    "TargetFilename": ["paths", "path"], "Image": ["executable", "exe"], "User": ["user"], "ProcessId": ["pid"],
  ]
  private static let connection: [String: [String]] = [
    "DestinationIp": ["remote_address"], "DestinationHostname": ["remote_host"], "DestinationPort": ["remote_port"],
    "SourceIp": ["local_address"], "SourcePort": ["local_port"], "Image": ["exe", "program", "comm"], "User": ["user"],
    "Protocol": ["protocol"], "ProcessId": ["pid"],
  ]
  private static let cloudTrail: [String: [String]] = [
    "eventName": ["event_name"], "eventSource": ["event_source"], "awsRegion": ["region"],
    "sourceIPAddress": ["source_ip"], "src_ip": ["source_ip"], "userAgent": ["user_agent"], "errorCode": ["error_code"],
    "errorMessage": ["error_message"], "eventType": ["event_type"], "eventCategory": ["event_category"],
    "eventID": ["event_id"], "requestID": ["request_id"], "readOnly": ["read_only"],
    "recipientAccountId": ["recipient_account"], "requestParameters": ["request_parameters"],
    "responseElements": ["response_elements"], "additionalEventData": ["additional_event_data"],
    "serviceEventDetails": ["service_event_details"], "userIdentity.type": ["identity_type"],
    "userIdentity.arn": ["identity_arn"], "userIdentity.accountId": ["identity_account"],
    "userIdentity.userName": ["user"], "userIdentity.principalId": ["principal_id"],
    "userIdentity.accessKeyId": ["access_key"], "userIdentity.invokedBy": ["invoked_by"],
    "userIdentity.sessionContext.sessionIssuer.type": ["issuer_type"],
    "userIdentity.sessionContext.sessionIssuer.arn": ["issuer_arn"],
    "userIdentity.sessionContext.sessionIssuer.userName": ["role"],
    "userIdentity.sessionContext.attributes.mfaAuthenticated": ["mfa"],
    "userIdentity.sessionContext.ec2RoleDelivery": ["ec2_role_delivery"],
    "eventVersion": ["event_version"], "managementEvent": ["management_event"], "apiVersion": ["api_version"],
    "vpcEndpointId": ["vpc_endpoint"], "tlsDetails.tlsVersion": ["tls_version"],
    "tlsDetails.cipherSuite": ["tls_cipher"], "tlsDetails.clientProvidedHostHeader": ["tls_host"],
    "sessionCredentialFromConsole": ["session_from_console"], "resources.ARN": ["resources"],
    "resources.arn": ["resources"], "sharedEventID": ["shared_event_id"], "edgeDeviceDetails": ["edge_device"],
  ]
  /// Names of the record's own time.
  static let times: Set<String> = ["timestamp", "EventTime", "eventTime"]

  /// Roots of JSON text in which dotted names are looked up.
  static func objects(_ kind: SigmaSource.Kind) -> [String: String] {
    switch kind {
    case .cloudTrail: cloudTrailObjects
    case .kubernetes: kubernetesObjects
    default: [:]
    }
  }

  private static let cloudTrailObjects: [String: String] = [
    "requestParameters": "request_parameters", "responseElements": "response_elements",
    "additionalEventData": "additional_event_data", "serviceEventDetails": "service_event_details",
    "userIdentity": "user_identity",
  ]
  /// Public rules ask `cs-uri-query` of the whole address, path and query.
  private static let webServer: [String: [String]] = [
    "cs-method": ["method", "http_method"], "cs-uri": ["address"], "c-uri": ["address"], "cs-uri-query": ["address"],
    "cs-uri-stem": ["path", "uri"], "sc-status": ["status", "response_code"], "cs-user-agent": ["user_agent"],
    "c-useragent": ["user_agent"], "cs-useragent": ["user_agent"], "src_ip": ["remote_address", "client_ip"],
    "cs-referer": ["referrer", "header:referer"], "cs-referrer": ["referrer", "header:referer"],
    "cs-host": ["virtual_host", "host", "header:host"],
    "cs-cookie": ["header:cookie"], "cs-content-type": ["header:content-type"], "cs-username": ["user"],
    "c-ip": ["remote_address", "client_ip"], "cs-version": ["http_version"],
    "sc-bytes": ["response_bytes", "sent_bytes"],
    "cs-bytes": ["received_bytes", "body_size"], "s-ip": ["local_address"], "s-port": ["local_port"],
    "time-taken": ["duration"], "s-computername": ["virtual_host"],
  ]
  private static let proxy: [String: [String]] = [
    "c-uri": ["address"], "cs-uri": ["address"], "c-uri-query": ["query", "address"], "c-uri-stem": ["path", "uri"],
  ]
  private static let dns: [String: [String]] = [
    "query": ["query_name"], "QueryName": ["query_name"], "record_type": ["query_type"],
    "answer": ["answer_data", "answers"], "src_ip": ["src_address"],
  ]
  private static let audit: [String: [String]] = [
    "type": ["types"], "exe": ["executable"], "comm": ["command"], "name": ["paths"], "key": ["audit_key"],
    "nametype": ["audit_nametypes", "audit_nametype"], "SYSCALL": ["syscall_name", "audit_syscall", "syscall"],
    "cwd": ["working_directory"], "acct": ["user"], "success": ["result"], "res": ["result"],
    "proctitle": ["command_line"],
  ]
  private static let native: [String: [String]] = [
    "USER": ["target_user"], "COMMAND": ["command"], "PWD": ["working_directory"], "TTY": ["tty"],
  ]
  /// A line's own words have no name that all agree on.
  private static let log = native.merging([
    "message": ["message", "text"], "Message": ["text"], "msg": ["msg", "text"], "hostname": ["hostname", "host"],
    "src_ip": ["src_ip", "remote_address", "src_address"], "src_port": ["src_port", "remote_port"],
    "process_name": ["process_name", "program"],
  ]) { own, _ in own }
}
