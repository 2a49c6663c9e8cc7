<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * One row to be written or, where the setting inherits, deleted.
 */
class Write
{
    /**
     * @param Setting $setting
     * @param Field $field
     */
    public function __construct(public readonly Setting $setting, public readonly Field $field)
    {
    }
}
