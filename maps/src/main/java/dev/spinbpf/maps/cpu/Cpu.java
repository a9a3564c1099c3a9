package dev.spinbpf.maps.cpu;

import dev.spinbpf.maps.sync.SchedulePoint;
import dev.spinbpf.maps.sync.SharedAccess;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * An emulated CPU. One thread at a time runs it and passes it along explicitly; only {@link #raise} and what says so
 * may be called from other threads.
 *
 * <p>Interrupts are delivered where the running thread calls {@link #poll}: the highest pending level that is not
 * masked first, nested on what runs, and again until none is left. A level is masked while the CPU is at that level or
 * above it; {@link ContextLevel#SOFTIRQ} and {@link ContextLevel#HARDIRQ} are also masked while interrupts are
 * disabled, which they are throughout HARDIRQ. An NMI is masked by nothing but another NMI. Several interrupts of one
 * level that are raised before the first is delivered are delivered as one.
 */
public final class Cpu {
    /** Number of contexts that can nest, and so of queue nodes: {@code _Q_MAX_NODES}. */
    public static final int NODES = 4;

    /** The flags word of {@code local_irq_save} while interrupts are enabled: x86's IF. */
    public static final long IRQS_ENABLED = 0x200;

    private static final VarHandle COUNTS = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle PENDING;

    static {
        try {
            PENDING = MethodHandles.lookup().findVarHandle(Cpu.class, "pending", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static final int SPINS_BEFORE_YIELD = 1 << 7;
    private static final int SPINS_BEFORE_YIELD_OVERSUBSCRIBED = 1 << 4;
    private static final int YIELDS_BEFORE_PARK = 1 << 8;
    private static final long PARK_NANOS = 50_000;

    private final Cpus cpus;
    private final int id;
    private final HeldLocks heldLocks = new HeldLocks();
    private final LockWaits lockWaits = new LockWaits();
    private final QueueNode[] nodes = {new QueueNode(), new QueueNode(), new QueueNode(), new QueueNode()};

    @SuppressWarnings("UnusedVariable") // through PENDING
    private int pending;

    private final long[] deliveredByLevel = new long[ContextLevel.count()];
    private int nodeCount;
    private ContextLevel level = ContextLevel.TASK;
    private boolean irqsEnabled = true;
    private int preemptCount;
    private int programsActive;
    private @Nullable InterruptHandler interruptHandler;
    private @Nullable Object extension;
    private final InnerLocks innerLocks = new InnerLocks();
    private SpinLockHolder spinLockHolder = lock -> false;

    Cpu(Cpus cpus, int id) {
        this.cpus = cpus;
        this.id = id;
    }

    /** The CPU's number, from 0. */
    public int id() {
        return id;
    }

    /** The machine that the CPU belongs to. */
    public Cpus cpus() {
        return cpus;
    }

    public HeldLocks heldLocks() {
        return heldLocks;
    }

    /** Returns the waits for locks that the CPU is in. */
    public LockWaits lockWaits() {
        return lockWaits;
    }

    /** Sets what knows the ordinary spin locks that programs hold here; before the CPU runs. */
    public void setSpinLockHolder(SpinLockHolder holder) {
        spinLockHolder = holder;
    }

    /**
     * Returns true where a program or a map operation holds an ordinary spin lock here. Any thread may ask while the CPU
     * waits for a lock.
     */
    public boolean holdsSpinLock(long lock) {
        return spinLockHolder.holds(lock) || innerLocks.holds(lock);
    }

    /** Returns the ordinary spin locks that the runtime itself holds here. */
    public InnerLocks innerLocks() {
        return innerLocks;
    }

    /** Queue node {@code index}, 0 to {@link #NODES} - 1. */
    public QueueNode node(int index) {
        return nodes[index];
    }

    /** Takes the next queue node's index, which may be {@link #NODES} or more: {@code node->count++}. */
    public int takeNodeIndex() {
        return nodeCount++;
    }

    /** Gives the last queue node back: {@code node->count--}. */
    public void giveNodeBack() {
        nodeCount--;
    }

    /** Returns how many queue nodes are in use. */
    public int nodeCount() {
        return nodeCount;
    }

    // Contexts.

    /** Returns the CPU's context. */
    public ContextLevel level() {
        return level;
    }

    /** Returns true where the CPU is at {@link ContextLevel#NMI}. */
    public boolean inNmi() {
        return level == ContextLevel.NMI;
    }

    /**
     * Goes to a level, on top of what runs. Interrupts are not delivered before the next {@link #poll}.
     *
     * @return the level before, to be handed to {@link #leave}
     * @throws IllegalArgumentException where {@code newLevel} is below the present one
     */
    public ContextLevel enter(ContextLevel newLevel) {
        ContextLevel previous = level;
        if (newLevel.compareTo(previous) < 0) {
            throw new IllegalArgumentException("CPU " + id + " cannot enter " + newLevel + " from " + previous);
        }
        level = newLevel;
        return previous;
    }

    /** Goes back to the level from which {@link #enter} came. */
    public void leave(ContextLevel previous) {
        level = previous;
    }

    // Interrupts.

    /** Installs what delivered interrupts do. */
    public void setInterruptHandler(@Nullable InterruptHandler handler) {
        interruptHandler = handler;
    }

    /**
     * Raises an interrupt; any thread may. It is delivered when the CPU next polls with the level unmasked.
     *
     * @return false where one of that level was pending already, with which this one merges
     */
    public boolean raise(ContextLevel interrupt) {
        if (interrupt == ContextLevel.TASK) {
            throw new IllegalArgumentException("TASK is not an interrupt");
        }
        return ((int) PENDING.getAndBitwiseOr(this, interrupt.bit()) & interrupt.bit()) == 0;
    }

    /** Returns true where an interrupt of a level is raised and not yet delivered; any thread may ask. */
    public boolean isPending(ContextLevel interrupt) {
        return ((int) PENDING.getVolatile(this) & interrupt.bit()) != 0;
    }

    /** Returns true where an interrupt of a level would have to wait, as far as another thread sees; any may ask. */
    public boolean isMasked(ContextLevel interrupt) {
        return (unmasked() & interrupt.bit()) == 0;
    }

    /** Returns how many interrupts of a level were delivered; any thread may ask. */
    public long delivered(ContextLevel interrupt) {
        return (long) COUNTS.getOpaque(deliveredByLevel, interrupt.ordinal());
    }

    /** Delivers what is pending and not masked. */
    public void poll() {
        SchedulePoint.reach(SharedAccess.POLL, this, id, 0);
        if ((int) PENDING.getOpaque(this) != 0) {
            deliverPending();
        }
    }

    private void deliverPending() {
        for (int ready = deliverable(); ready != 0; ready = deliverable()) {
            ContextLevel highest = ContextLevel.of(31 - Integer.numberOfLeadingZeros(ready));
            PENDING.getAndBitwiseAnd(this, ~highest.bit());
            deliver(highest);
        }
    }

    private int deliverable() {
        return (int) PENDING.getOpaque(this) & unmasked();
    }

    /** The bits of the levels that need not wait: those above the present one, without interrupts only NMI. */
    private int unmasked() {
        int above = -2 << level.ordinal();
        return irqsEnabled ? above : above & ContextLevel.NMI.bit();
    }

    private void deliver(ContextLevel interrupt) {
        InterruptHandler handler = interruptHandler;
        COUNTS.setOpaque(deliveredByLevel, interrupt.ordinal(), deliveredByLevel[interrupt.ordinal()] + 1);
        if (handler == null) {
            return;
        }
        ContextLevel previous = enter(interrupt);
        boolean enabledBefore = irqsEnabled;
        irqsEnabled = interrupt == ContextLevel.SOFTIRQ;
        try {
            handler.handle(this, interrupt);
        } finally {
            irqsEnabled = enabledBefore;
            leave(previous);
        }
    }

    /** Returns true where SOFTIRQ and HARDIRQ interrupts may be delivered, as far as the flag goes. */
    public boolean irqsEnabled() {
        return irqsEnabled;
    }

    /** {@code local_irq_save}: disables interrupts. Returns the flags word for {@link #irqRestore}. */
    public long irqSave() {
        if (irqsEnabled) {
            SchedulePoint.reach(SharedAccess.MASK, this, id, 0);
        }
        long flags = irqsEnabled ? IRQS_ENABLED : 0;
        irqsEnabled = false;
        return flags;
    }

    /** {@code local_irq_restore}; delivers what has become unmasked. */
    public void irqRestore(long flags) {
        irqsEnabled = (flags & IRQS_ENABLED) != 0;
        if (irqsEnabled) {
            poll();
        }
    }

    // Preemption.

    /** {@code preempt_disable}. */
    public void preemptDisable() {
        preemptCount++;
    }

    /** {@code preempt_enable}. */
    public void preemptEnable() {
        preemptCount--;
    }

    /** Returns how often preemption is disabled. */
    public int preemptCount() {
        return preemptCount;
    }

    // Guards against recursion that the runtime keeps for each CPU.

    /**
     * {@code bpf_prog_active++}: the guard that perf-event, kprobe and tracepoint programs share, and that map
     * operations from user space raise.
     *
     * @return the new value: 1 where nothing is guarded yet
     */
    public int enterGuard() {
        return ++programsActive;
    }

    /** {@code bpf_prog_active--}. */
    public void leaveGuard() {
        programsActive--;
    }

    /** {@code bpf_prog_active}. */
    public int guardDepth() {
        return programsActive;
    }

    /** Runs the internal hook of a point, if there is one. */
    public void fire(HookPoint point, long first, long second) {
        InternalHook hook = cpus.hooks().get(point);
        if (hook != null) {
            hook.fire(this, point, first, second);
        }
    }

    /**
     * Makes the CPU idle as it was at first, whatever a run left behind that was broken off: no locks held, no interrupt
     * pending or masked. Its counters and handlers stay.
     */
    public void reset() {
        heldLocks.reset();
        lockWaits.reset();
        innerLocks.reset();
        PENDING.setVolatile(this, 0);
        nodeCount = 0;
        level = ContextLevel.TASK;
        irqsEnabled = true;
        preemptCount = 0;
        programsActive = 0;
    }

    /** Whatever the runtime wants to find again from the CPU. */
    public @Nullable Object extension() {
        return extension;
    }

    public void setExtension(@Nullable Object newExtension) {
        extension = newExtension;
    }

    // Time.

    /** The machine's time in nanoseconds. */
    public long nanoTime() {
        return cpus.clock().nanoTime();
    }

    /**
     * Waits a moment in a loop: {@code cpu_relax()}. Spins at first, then yields the processor and at last sleeps
     * briefly, sooner where emulated CPUs outnumber real ones, because then the one waited for may not be running.
     *
     * @param spins how many times the loop has waited
     */
    @SuppressWarnings("ThreadPriorityCheck") // the holder needs the processor that this thread spins on
    public void relax(int spins) {
        if (SchedulePoint.isSimulated()) {
            return;
        }
        int spinLimit = cpus.isOversubscribed() ? SPINS_BEFORE_YIELD_OVERSUBSCRIBED : SPINS_BEFORE_YIELD;
        if (spins < spinLimit) {
            Thread.onSpinWait();
        } else if (spins < spinLimit + YIELDS_BEFORE_PARK) {
            Thread.yield();
        } else {
            LockSupport.parkNanos(PARK_NANOS);
        }
    }
}
