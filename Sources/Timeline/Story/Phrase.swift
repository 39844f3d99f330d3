/// A sentence of the story, to be said in the reader's language: what is said, and the facts in it.
public struct Phrase: Hashable, Sendable {
  public enum Key: String, Sendable, CaseIterable {
    // First sentence of the verdict: what happened.
    case takenOverByLog4Shell, takenOver, shellCommanded, credentialsStolen, attackedWithoutProof, suspicious, quiet
    // Second sentence: how far it went. Said with its parts.
    case intruderThen, intruderWouldHave, noFurtherSteps, nothingFurtherSought
    case heldShell, typedCommands, readCredentials, usedCredentials, leftPersistence, transferredTools, sentDataOut
    case openedConnections, coveredTracks, escalated, movedLaterally, causedDamage, calledServices, wasRefused
    // Third sentence: what to do, and what is not known.
    case actNow, actNowAfterRevoking, actNowStillOpen, lookAtFindings, keepCollecting
    // Titles of steps, one per stage.
    case reconnaissance, intrusion
    case exploitation, callback, payloadDelivery, execution, remoteControl, commands, discovery
    case privilegeEscalation, defenseEvasion, credentialAccess, toolTransfer, persistence, commandAndControl
    case lateralMovement, collection, exfiltration, cloudAccess, containment, impact, alert, other
    // Why a step is told as it is.
    case becauseFlowAfterCallback, becauseKeyUsedElsewhere, becauseAlarm, becauseFlowOnly,
      becauseSameAddress, becauseProcessTree, becauseSocketOwner
    case missingWeb, missingMemory, missingCommands, missingCloudTrail, missingFlows
    // Relations of the entity graph.
    case asked, servedBy, hasCredentials
    case sentPayloadTo, calledBack, connectedTo, isParentOf, ranIn, wrote, readFrom, usedFrom, belongsTo, named
    // Responses: what, and what it breaks.
    case preserveDisk, preserveInstance, isolateInstance, detachFromService, revokeRoleSessions,
      revokeUserSessions, rotateSecrets, rotateSecretsUnseen
    case blockAddress, blockInWAF, rebuild, hunt, disableKey, closeMetadata, captureMemory
    case breaksNothing, breaksConnections, breaksCapacity, breaksRole, breaksConsumers, breaksAddress, breaksHost
    case breaksRequests, breaksKey, breaksMetadata
    // Clock.
    case clockFromRequests, clockFromTraces, clockFromConnections
  }

  public var key: Key
  /// Facts in the order in which the sentence names them.
  public var arguments: [String]
  /// Clauses that the sentence lists.
  public var parts: [Phrase]

  public init(_ key: Key, _ arguments: [String] = [], parts: [Phrase] = []) {
    self.key = key
    self.arguments = arguments
    self.parts = parts
  }
}
