package app.session

import kotlinx.coroutines.flow.Flow
import app.net.Client

const val TIMEOUT = 30

/** What the user sees. */
sealed interface State : Printable {
    fun describe(): String
}

enum class Level { LOW, HIGH }

/**
 * One signed-in user.
 */
@Singleton
class Session(private val client: Client, val user: String) : BaseSession(user), AutoCloseable {
    private var token: Token? = null

    /** Renews the token when it is about to expire. */
    suspend fun renew(): Token {
        val current = token
        if (current != null && !current.isExpired()) {
            return current
        }
        return client.post("/token", Credentials(user)).also { token = it }
    }

    override fun close() {
        client.close()
    }

    companion object {
        fun anonymous(): Session = Session(Client(), "nobody")
    }
}

object Registry {
    fun register(session: Session) = sessions.add(session)
}

fun Session.isAdmin(): Boolean = user in Registry.admins

typealias Sessions = Flow<Session>
