<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * What lies in the database for one setting in one scope. There, but without a plain value: it cannot be read.
 */
class Stored
{
    /**
     * @param bool $exists
     * @param string|null $plain
     */
    public function __construct(public readonly bool $exists = false, public readonly ?string $plain = null)
    {
    }

    /**
     * Whether nothing has to be written for this to be what is wanted.
     *
     * @param string|null $wanted null: nothing shall be stored
     * @param Entry|null $applied what was written last
     */
    public function serves(?string $wanted, ?Entry $applied): bool
    {
        if ($wanted === null) {
            return !$this->exists;
        }
        if (!$this->exists || $this->plain === null) {
            return false;
        }
        // The shop may keep another spelling of a value than the one that it was given.
        $spelling = $applied !== null && !$applied->secret && $applied->value === $wanted ? $applied->stored : null;
        return $this->plain === $wanted || $spelling !== null && $this->plain === $spelling;
    }
}
