package dev.spinbpf.maps.map;

/** Finds the storage of an owner by the handle that user space has of it: for a task, what a pidfd is in Linux. */
@FunctionalInterface
public interface LocalStorageOwners {
    /** There are no owners. */
    LocalStorageOwners NONE = handle -> 0;

    /** Address of the owner's storage, {@link LocalStorageMap#STORAGE_SIZE} bytes; 0 if there is no such owner. */
    long storageOf(int handle);
}
