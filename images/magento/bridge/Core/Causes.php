<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

use Throwable;

/**
 * What an exception and those before it say: the first cause says most, and it is the last of them.
 */
class Causes
{
    private const LONGEST = 500;

    /**
     * Every message once, the outermost first, in one line.
     *
     * @param Throwable $error
     */
    public static function of(Throwable $error): string
    {
        $said = [];
        for ($cause = $error; $cause !== null; $cause = $cause->getPrevious()) {
            $message = trim((string)preg_replace('/\s+/', ' ', $cause->getMessage()));
            if ($message !== '' && !in_array($message, $said, true)) {
                $said[] = $message;
            }
        }
        return mb_substr(implode(': ', $said) ?: get_class($error), 0, self::LONGEST);
    }
}
