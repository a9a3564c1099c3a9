package dev.spinbpf.vm.helper;

import dev.spinbpf.programs.linux.HelperIds;
import dev.spinbpf.vm.exec.Helper;
import dev.spinbpf.vm.exec.UnsupportedProgramException;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The helpers and kfuncs that there are, by name. What is not in it is refused by name. */
public final class FunctionTable {
    private final Map<String, Helper> helpers = new TreeMap<>();
    private final Map<String, Helper> kfuncs = new TreeMap<>();

    /** All functions of a machine. */
    public FunctionTable(EmulatedKernel kernel) {
        MapHelpers.register(this, kernel);
        RingBufferHelpers.register(this, kernel);
        ArenaKfuncs.register(this, kernel);
        StackHelpers.register(this, kernel);
        StorageHelpers.register(this, kernel);
        DynptrHelpers.register(this);
        SystemHelpers.register(this, kernel);
        PrintHelpers.register(this, kernel);
        ProbeHelpers.register(this);
        StringHelpers.register(this);
        PacketHelpers.register(this);
        ChecksumHelpers.register(this);
        RedirectHelpers.register(this, kernel);
        SocketHelpers.register(this);
        EventHelpers.register(this);
        GroupHelpers.register(this, kernel);
        EthernetFrames.register(this);
        LockHelpers.register(this, kernel);
        DeferredHelpers.register(this, kernel);
        ContextHelpers.register(this, kernel);
        TaskKfuncs.register(this, kernel);
        ScxKfuncs.register(this, kernel);
        Cpumasks.register(this, kernel);
        ObjectHelpers.register(this, kernel);
        LinkedLists.register(this, kernel);
        RedBlackTrees.register(this, kernel);
        IteratorHelpers.register(this, kernel);
        StringKfuncs.register(this);
        ExceptionHelpers.register(this, kernel);
        EffectHelpers.register(this, kernel);
        FilePaths.register(this, kernel);
        TaskIterators.register(this, kernel);
        QueueKfuncs.register(this);
    }

    void helper(String name, Helper helper) {
        if (helpers.put(name, helper) != null) {
            throw new IllegalStateException(name + " is registered twice");
        }
    }

    void kfunc(String name, Helper kfunc) {
        if (kfuncs.put(name, kfunc) != null) {
            throw new IllegalStateException(name + " is registered twice");
        }
    }

    /** Names of the helpers that there are. */
    public Map<String, Helper> helpers() {
        return Collections.unmodifiableMap(helpers);
    }

    /** Names of the kfuncs that there are. */
    public Map<String, Helper> kfuncs() {
        return Collections.unmodifiableMap(kfuncs);
    }

    /** A helper by number; raises {@link UnsupportedProgramException} where it is not there. */
    public Helper helper(int number) {
        String name = HelperIds.name(number);
        Helper helper = name == null ? null : helpers.get(name);
        if (helper == null) {
            throw new UnsupportedProgramException(
                    "helper " + (name == null ? "unknown" : name) + "#" + number + " is not supported");
        }
        return helper;
    }

    /** A kfunc by name, or null where it is not there. */
    public @Nullable Helper findKfunc(String name) {
        return kfuncs.get(name);
    }
}
