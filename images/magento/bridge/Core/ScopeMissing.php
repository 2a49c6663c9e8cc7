<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * The website or store view that was named does not exist.
 */
class ScopeMissing extends Refusal
{
}
