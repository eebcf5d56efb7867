@file:JvmName("Queues")

package org.example.queue

import kotlinx.coroutines.flow.Flow
import java.util.concurrent.locks.ReentrantLock as Lock

/** The most items that wait. */
const val CAPACITY = 64

typealias Handler<T> = suspend (T) -> Unit

/**
 * Something that takes items.
 */
interface Sink<in T> {
    val name: String

    /** Takes one item. */
    fun offer(item: T): Boolean
    fun close() = Unit
}

/** How urgent an item is. */
enum class Priority(val weight: Int) {
    LOW(1),
    HIGH(10) {
        override fun label() = "!"
    };

    open fun label(): String = name.lowercase()
}

sealed class Outcome<out T> {
    data class Done<T>(val value: T) : Outcome<T>()
    data object Empty : Outcome<Nothing>()
}

/**
 * A queue that never grows past its capacity.
 *
 * @param T what is queued
 */
@Suppress("unused")
class BoundedQueue<T : Any>(
    private val capacity: Int = CAPACITY,
    override val name: String,
) : AbstractQueue<T>(), Sink<T> {
    private val items = ArrayDeque<T>()

    /** How many items wait. */
    val size: Int
        get() = items.size

    init {
        require(capacity > 0) { "no room" }
    }

    constructor(name: String) : this(CAPACITY, name) {
        register(name)
    }

    @Synchronized
    override fun offer(item: T): Boolean {
        if (size >= capacity) return false
        return items.add(item)
    }

    inner class Cursor {
        fun next(): T = items.first()
    }

    companion object {
        /** Makes a queue of one item. */
        fun <T : Any> of(item: T) = BoundedQueue<T>("one").apply { offer(item) }
    }
}

object Registry {
    private val known = mutableMapOf<String, Sink<*>>()

    fun find(name: String): Sink<*>? = known[name]
}

/** Takes everything that the flow brings. */
suspend fun <T> Flow<T>.drainTo(sink: Sink<T>) {
    collect { sink.offer(it) }
}

val String.isBlankName: Boolean
    get() = trim().isEmpty()

fun interface Clock {
    fun now(): Long
}
