package dev.spinbpf.vm.task;

import dev.spinbpf.maps.map.CgroupStorageMap;
import dev.spinbpf.maps.map.LocalStorageMap;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.btf.Btf;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The machine's cgroups: the root, and those that declared tasks are in. Their structures read as zeros but for number,
 * name and level, where the kernel's types say where those are. After a structure lies the storage in which maps keep a
 * value for it, then the node and the set that lead to it and from it.
 */
public final class Cgroups {
    private static final int CGROUP_SIZE = 16 << 10;
    private static final int NODE_SIZE = 512;
    private static final int SET_SIZE = 1024;
    private static final int NAME_SIZE = 256;
    private static final int NODE = CGROUP_SIZE + LocalStorageMap.STORAGE_SIZE;
    private static final int SET = NODE + NODE_SIZE;
    private static final int NAME = SET + SET_SIZE;

    private final GuestArena arena;
    private final Map<String, Cgroup> byPath = new LinkedHashMap<>();
    private StructFields fields = StructFields.of(Btf.EMPTY, "cgroup", CGROUP_SIZE, Set.of());
    private StructFields node = fields;
    private StructFields set = fields;

    /** A machine's cgroups: at first the root alone. */
    public Cgroups(GuestArena arena) {
        this.arena = arena;
        byPath.put("/", new Cgroup(CgroupStorageMap.ROOT_CGROUP_ID, "", null));
    }

    /** A cgroup. */
    public final class Cgroup {
        private final long id;
        private final String name;
        private final @Nullable Cgroup parent;
        private long address;

        private Cgroup(long id, String name, @Nullable Cgroup parent) {
            this.id = id;
            this.name = name;
            this.parent = parent;
        }

        /** Returns its number, by which programs know it. */
        public long id() {
            return id;
        }

        /** Returns how many cgroups are above it. */
        public int level() {
            return parent == null ? 0 : parent.level() + 1;
        }

        /** Returns the cgroup at a level above it, or itself; null where there is none at that level. */
        public @Nullable Cgroup ancestor(int level) {
            for (@Nullable Cgroup each = this; each != null; each = each.parent) {
                if (each.level() == level) {
                    return each;
                }
            }
            return null;
        }

        /** Returns the address of its structure. */
        public long address() {
            synchronized (Cgroups.this) {
                if (address == 0) {
                    address = arena.allocate(NAME + NAME_SIZE, 64);
                    write(this);
                }
                return address;
            }
        }

        /** Returns the address of the {@code struct css_set} of the tasks in it. */
        public long setAddress() {
            return address() + SET;
        }
    }

    /** Returns the cgroup at a path, which is made with those above it where it is not there yet. */
    public synchronized Cgroup of(String path) {
        Cgroup known = byPath.get(path);
        if (known != null) {
            return known;
        }
        int slash = path.lastIndexOf('/');
        Cgroup parent = of(slash == 0 ? "/" : path.substring(0, slash));
        Cgroup made = new Cgroup(CgroupStorageMap.ROOT_CGROUP_ID + byPath.size(), path.substring(slash + 1), parent);
        byPath.put(path, made);
        return made;
    }

    /** Returns a cgroup by its number, or null. */
    public synchronized @Nullable Cgroup ofId(long id) {
        return byPath.values().stream()
                .filter(group -> group.id == id)
                .findFirst()
                .orElse(null);
    }

    /** Returns a cgroup and those below it, each before those below it. */
    public synchronized List<Cgroup> below(Cgroup start) {
        return byPath.values().stream()
                .filter(group -> group.ancestor(start.level()) == start)
                .toList();
    }

    /** Returns the cgroup whose structure is at an address, or null. */
    public synchronized @Nullable Cgroup at(long address) {
        return byPath.values().stream()
                .filter(group -> group.address == address && address != 0)
                .findFirst()
                .orElse(null);
    }

    /** The storage of the cgroup at an address; 0 if it is none. */
    public long storageOf(long object) {
        return at(object) == null ? 0 : object + CGROUP_SIZE;
    }

    synchronized void layOut(Btf types) {
        fields = StructFields.of(types, "cgroup", CGROUP_SIZE, Set.of());
        node = StructFields.of(types, "kernfs_node", NODE_SIZE, Set.of());
        set = StructFields.of(types, "css_set", SET_SIZE, Set.of());
        byPath.values().stream().filter(group -> group.address != 0).forEach(this::write);
    }

    private void write(Cgroup group) {
        fields.number(group.address, "level", group.level());
        fields.number(group.address, "kn", group.address + NODE);
        node.number(group.address + NODE, "id", group.id);
        node.number(group.address + NODE, "name", group.address + NAME);
        byte[] name = group.name.getBytes(StandardCharsets.UTF_8);
        GuestMemory.copyIn(name, 0, group.address + NAME, Math.min(name.length, NAME_SIZE - 1));
        set.number(group.address + SET, "dfl_cgrp", group.address);
    }
}
